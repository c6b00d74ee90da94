import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { EventSourcingModule, KEYSTORE } from '@concordat/service';
import { systemClock } from '@concordat/runtime';
import { RedisEventLog, blockingConnection, commandConnection } from '@concordat/streams';
import {
  administrator,
  type Bench,
  type Caller,
  eventually,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { FactoryProvider, INestApplicationContext } from '@nestjs/common';
import { startIam } from './iam.fixture';
import { maintain } from './maintenance.fixture';
import { openIamKeystore } from './many-agents.fixture';

describe('a restore with keys', () => {
  let bench: Bench;
  let app: INestApplicationContext | undefined;
  let caller: Caller | undefined;
  const folder = (): string => join(bench.folder, 'iam');
  const start = async (): Promise<void> => {
    app = await startIam(bench);
    caller = await startCaller(bench);
  };
  const stop = async (): Promise<void> => {
    await caller?.stop();
    await app?.close();
    [app, caller] = [undefined, undefined];
  };
  const register = async (name: string): Promise<string> => {
    const { did, publicKeyText: publicKey } = newAgent();
    await caller!.call('agent.register', { name, type: 'CLAUDE', publicKey }, { principal: administrator() });
    return did;
  };
  const nameOf = async (did: string): Promise<unknown> =>
    (await caller!.call('agent.get', { did })).output.name;
  const inRedis = async (position: number): Promise<void> => {
    const { url } = bench.redis.durable;
    const log = new RedisEventLog(
      commandConnection({ url, name: 't' }),
      blockingConnection({ url, name: 't' }),
    );
    await eventually(async () => (await log.head('iam'))?.at.position === position || undefined);
    await log.close();
  };
  /** What keys of a file open, by whether anything of the agent can be read with them. */
  const opens = async (dataDir: string, did: string): Promise<boolean> => {
    const keystore = openIamKeystore(dataDir);
    const count = await keystore.destroy('default', [`agent/${did}`]);
    await keystore.close();
    return count > 0;
  };
  let kept: string;
  let erased: string;
  let from: string;

  beforeAll(async () => {
    bench = await startBench();
    await start();
    [kept, erased] = [await register('Canary Kept'), await register('Canary Erased')];
    const backup = await maintain(bench, 'backup', '--to', join(bench.folder, 'backups'));
    from = String(backup.result['file']);
    expect(backup.result['keys']).toMatchObject({ file: `${from}.keys`, until: expect.any(String) });
    // The store and its keys as they are now, beside it.
    await stop();
    cpSync(folder(), `${folder()}.old`, { recursive: true });
    await start();
    const { position } = await caller!.call('agent.erase', { did: erased });
    await inRedis(position!.position);
    await stop();
  }, 60_000);
  afterAll(async () => {
    await stop();
    await bench.stop();
  });
  /** As after the loss of a disk: the root key was kept elsewhere. */
  const lose = (...names: string[]): void => {
    for (const name of readdirSync(folder()))
      if (names.some((lost) => name.startsWith(lost))) rmSync(join(folder(), name));
  };

  it('has nothing in clear beside the backup: neither a name, nor whose keys there are', () => {
    const text = readFileSync(`${from}.keys`, 'latin1');
    for (const canary of ['Canary', kept, erased, 'agent/']) expect(text).not.toContain(canary);
    expect(statSync(`${from}.keys`).mode & 0o777).toBe(0o600);
  });

  it('is what a service asks for that finds its store without its keystore, and it makes no other', () => {
    lose('keys.db');
    const base = bench.base('iam');
    const settings = { service: 'iam' as const, base, dataDir: folder(), migrationsDir: '' };
    const { providers } = EventSourcingModule.for(settings);
    const [keystore] = (providers as FactoryProvider[]).filter(({ provide }) => provide === KEYSTORE);
    expect(() => keystore!.useFactory(systemClock, base.logger)).toThrow('./concordat iam restore --from');
    expect(existsSync(join(folder(), 'keys.db'))).toBe(false);
  });

  it('is refused without the root key, under another one, and of keys that were changed', async () => {
    lose('keys.db', 'iam.db');
    const root = join(folder(), 'root.key');
    const secret = readFileSync(root, 'utf8');
    rmSync(root);
    expect((await maintain(bench, 'restore', '--from', from)).message).toContain(`${root} is missing`);
    expect(existsSync(root)).toBe(false);
    writeFileSync(root, `${Buffer.alloc(32, 1).toString('base64url')}\n`, { mode: 0o600 });
    expect((await maintain(bench, 'restore', '--from', from)).message).toContain('another root key');
    writeFileSync(root, secret);
    const keys = readFileSync(`${from}.keys`, 'utf8');
    writeFileSync(`${from}.keys`, keys.replace(/.{8}(?="\})/, 'AAAAAAAA'));
    expect((await maintain(bench, 'restore', '--from', from)).message).toContain('was changed');
    writeFileSync(`${from}.keys`, keys);
    expect(readdirSync(folder()).filter((name) => /^(keys|iam)\.db/.test(name))).toEqual([]);
  });

  it('brings back what was sealed, and not what was erased after the backup', async () => {
    lose('keys.db', 'iam.db');
    const { result } = await maintain(bench, 'restore', '--from', from);
    expect(result).toMatchObject({ keysRestored: expect.any(Number), erasedAgain: 1 });
    await start();
    expect([await nameOf(kept), await nameOf(erased)]).toEqual(['Canary Kept', null]);
    await stop();
    expect(await opens(folder(), erased)).toBe(false);
    const bytes = readdirSync(folder()).map((name) => readFileSync(join(folder(), name), 'latin1'));
    expect(bytes.join()).toContain('Canary Kept');
    expect(bytes.join()).not.toContain('Canary Erased');
  });

  it('leaves a keystore alone that is whole: it has lost what was erased since', async () => {
    lose('iam.db');
    const { result } = await maintain(bench, 'restore', '--from', from);
    expect(result).toMatchObject({ keysRestored: null, erasedAgain: 0 });
  });

  describe('where Concordat was started once after everything was lost', () => {
    const root = (): string => join(folder(), 'root.key');
    let secret: string;
    /** As a first start makes it. */
    const makeAnew = async (): Promise<Buffer> => {
      const keystore = openIamKeystore(folder());
      await keystore.obtain('~', ['command-memo']);
      await keystore.close();
      return readFileSync(join(folder(), 'keys.db'));
    };
    beforeEach(() => {
      secret = readFileSync(root(), 'utf8');
      lose('iam.db', 'keys.db');
    });

    it('is refused with the new root key, and says which one to put back; then it has the keys of the backup', async () => {
      rmSync(root());
      const keys = await makeAnew();
      for (const more of [[], ['--accept-loss']]) {
        const refused = await maintain(bench, 'restore', '--from', from, ...more);
        expect(refused).toMatchObject({ ok: false });
        expect(refused.message).toContain('Put back the root.key of the time of the backup');
        expect(readFileSync(join(folder(), 'keys.db'))).toEqual(keys);
        expect(readdirSync(folder()).filter((name) => name.startsWith('iam.db'))).toEqual([]);
      }
      writeFileSync(root(), secret);
      const { result } = await maintain(bench, 'restore', '--from', from);
      expect(result).toMatchObject({
        ...{ keysRestored: expect.any(Number), keysMissing: 0, erasedAgain: 1 },
      });
      await start();
      expect([await nameOf(kept), await nameOf(erased)]).toEqual(['Canary Kept', null]);
      await stop();
    });

    it('under the same root key, has the keys of the backup too', async () => {
      await makeAnew();
      const { result } = await maintain(bench, 'restore', '--from', from);
      expect(result).toMatchObject({ keysRestored: expect.any(Number), keysMissing: 0, erasedAgain: 1 });
    });

    it('is refused when the backup has no keys, unless the loss is accepted', async () => {
      await makeAnew();
      const bare = join(bench.folder, 'bare.db');
      for (const end of ['', '.json']) copyFileSync(`${from}${end}`, `${bare}${end}`);
      const { message } = await maintain(bench, 'restore', '--from', bare);
      expect(message).toContain('lacks 1 of the 1 keys that the events are sealed under');
      const { result } = await maintain(bench, 'restore', '--from', bare, '--accept-loss');
      expect(result).toMatchObject({ keysRestored: null, keysMissing: 1 });
      lose('iam.db', 'keys.db');
      expect((await maintain(bench, 'restore', '--from', from)).ok).toBe(true);
    });
  });

  it('does not undo what nobody knows to be erased: a keystore that goes on from that of the backup stays', async () => {
    cpSync(folder(), `${folder()}.whole`, { recursive: true });
    expect(await opens(folder(), kept)).toBe(true);
    expect((await maintain(bench, 'restore', '--from', from)).message).toContain('lacks 1 of the 1 keys');
    const { result } = await maintain(bench, 'restore', '--from', from, '--accept-loss');
    expect(result).toMatchObject({ keysRestored: null, keysMissing: 1 });
    lose('keys.db', 'iam.db');
    cpSync(`${folder()}.whole`, folder(), { recursive: true });
  });

  it('of old copies of store and keys: what was erased since is not read again, by any way to start', async () => {
    for (const command of [['recover'], ['restore', '--from', from]]) {
      lose('keys.db', 'iam.db');
      cpSync(`${folder()}.old`, folder(), { recursive: true });
      expect((await maintain(bench, ...command)).result).toMatchObject({ erasedAgain: 1 });
      expect(await opens(folder(), erased)).toBe(false);
    }
    // The keys alone: the store knows better.
    lose('keys.db');
    for (const name of readdirSync(`${folder()}.old`))
      if (name.startsWith('keys.db')) copyFileSync(join(`${folder()}.old`, name), join(folder(), name));
    expect((await maintain(bench, 'rebuild')).ok).toBe(true);
    expect(await opens(folder(), erased)).toBe(false);
  });
});
