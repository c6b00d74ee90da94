import { copyFileSync, cpSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@concordat/sqlite';
import {
  RedisEventLog,
  blockingConnection,
  commandConnection,
  streamKeys,
  whenReady,
} from '@concordat/streams';
import {
  administrator,
  type Bench,
  type Caller,
  eventually,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from './iam.fixture';
import { begin, maintain, succeed } from './maintenance.fixture';
import { digestOfAgents, openIamKeystore, openIamStore, registerMany } from './many-agents.fixture';

describe('the maintenance of a running iam-service', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;
  let log: RedisEventLog;
  const file = (name: string): string => join(bench.folder, 'iam', name);
  const register = async (name: string): Promise<string> => {
    const agent = newAgent();
    const input = { name, type: 'CLAUDE' as const, publicKey: agent.publicKeyText };
    await caller.call('agent.register', input, { principal: administrator() });
    return agent.did;
  };
  const stop = async (): Promise<void> => {
    await caller.stop();
    await app.close();
  };
  const start = async (): Promise<void> => {
    app = await startIam(bench);
    caller = await startCaller(bench);
  };
  const published = (position: number): Promise<unknown> =>
    eventually(async () => (await log.head('iam'))?.at.position === position || undefined);

  beforeAll(async () => {
    bench = await startBench();
    await start();
    const { url } = bench.redis.durable;
    log = new RedisEventLog(commandConnection({ url, name: 't' }), blockingConnection({ url, name: 't' }));
  });
  afterAll(async () => {
    await log.close();
    await stop();
    await bench.stop();
  });

  it('verifies and backs up beside it, and leaves alone what needs it stopped', async () => {
    await register('Canary One');
    const verified = await succeed(bench, 'verify');
    expect(verified).toMatchObject({ ok: true, result: { problems: [], comparedWithStream: true } });
    const backup = await succeed(bench, 'backup', '--to', file('backups'));
    expect(backup).toMatchObject({ ok: true, result: { source: 'iam', format: 'concordat-backup/v1' } });
    for (const args of [['rebuild'], ['recover'], ['restore', '--from', String(backup.result['file'])]])
      expect(await maintain(bench, ...args)).toMatchObject({
        ok: false,
        message: expect.stringContaining('is in use: stop the service first'),
      });
    expect(await register('Canary Two')).toBeDefined();
  });

  it('brings back from the stream what a rolled-back file has lost, so that a revocation holds', async () => {
    const did = await register('Canary Three');
    const backup = await succeed(bench, 'backup', '--to', file('backups'));
    await stop();
    copyFileSync(file('iam.db'), file('iam.db.old'));
    await start();
    const { position } = await caller.call('agent.revoke', { did, reason: 'compromised' });
    await published(position!.position);
    await stop();
    for (const args of [['recover'], ['restore', '--from', String(backup.result['file'])]]) {
      copyFileSync(file('iam.db.old'), file('iam.db'));
      const dataDir = join(bench.folder, 'iam');
      expect(() => openIamStore(dataDir)).toThrow('./concordat iam recover --from-stream');
      const done = await succeed(bench, ...args);
      expect(done).toMatchObject({ ok: true, result: { doneAnew: 0, withoutContent: 0 } });
      await start();
      const { output } = await caller.call('agent.get', { did });
      expect(output).toMatchObject({ name: 'Canary Three', status: 'revoked' });
      await published((await caller.call('agent.get', { did })).position!.position);
      await stop();
    }
    await start();
    const { position: next } = await caller.call('agent.register', {
      ...{ name: 'Canary Four', type: 'CLAUDE' as const, publicKey: newAgent().publicKeyText },
    });
    await published(next!.position);
    expect(await succeed(bench, 'verify')).toMatchObject({ ok: true, result: { problems: [] } });
  });

  it('says what is lost, and does not bring back a password that the stream says was changed', async () => {
    const [email, passwords] = [
      'ada@example.org',
      ['a heron over the lake', 'two herons over the lake'],
    ] as const;
    const login = (password: string) => {
      const input = { tenant: 'default', email, password, source: '' };
      return caller.call('session.open', input).then(
        () => 'done',
        ({ code }: { code: string }) => code,
      );
    };
    const user = { email, name: 'Ada', roles: ['user' as const], password: passwords[0] };
    const { output } = await caller.call('user.create', user);
    const backup = await succeed(bench, 'backup', '--to', file('backups'));
    await register('Lost');
    const set = await caller.call('user.setPassword', { id: output.id, password: passwords[1] });
    const { epoch, position } = set.position!;
    await published(position);
    await stop();
    const redis = commandConnection({ url: bench.redis.durable.url, name: 'trim' });
    await whenReady(redis, 5_000);
    await redis.xtrim(streamKeys.events('iam'), 'MINID', `${epoch}-${position}`);
    redis.disconnect();
    const from = String(backup.result['file']);
    expect(await maintain(bench, 'restore', '--from', from)).toMatchObject({ ok: false });
    const done = await succeed(bench, 'restore', '--from', from, '--accept-loss');
    const lost = { after: backup.result['head'], upTo: `${epoch}-${position - 1}` };
    expect(done).toMatchObject({ ok: true, result: { doneAnew: 1, lost } });
    await start();
    expect([await login(passwords[0]), await login(passwords[1])]).toEqual(['LOGIN_REFUSED', 'done']);
  });

  it('says what the stream has and the file has not', async () => {
    await stop();
    cpSync(file('iam.db'), file('iam.db.now'));
    copyFileSync(file('iam.db.old'), file('iam.db'));
    rmSync(file('iam.db.head'));
    const { result } = await succeed(bench, 'verify');
    expect(result['problems']).toEqual([
      expect.stringMatching(/^the stream goes on to \d+-\d+, the store ends at/),
    ]);
    cpSync(file('iam.db.now'), file('iam.db'));
    await start();
  });
});

describe('maintenance that is killed', () => {
  const wanted = 4_000;
  let bench: Bench;
  let folder: string;
  let backup: string;
  let whole: unknown;
  const look = async (): Promise<unknown> => {
    const store = openIamStore(folder);
    const digest = digestOfAgents(store);
    await store.close();
    return digest;
  };
  /** Kills it at its first word about the tables. @returns whether it was under way */
  const killed = async (...args: string[]): Promise<boolean> => {
    const child = begin(bench, args);
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('rebuilding tables')) child.kill('SIGKILL');
    });
    const [, signal] = await new Promise<[number | null, string | null]>((resolve) =>
      child.once('close', (...ended) => resolve(ended)),
    );
    return signal === 'SIGKILL';
  };

  beforeAll(async () => {
    bench = await startBench();
    folder = join(bench.folder, 'iam');
    const keystore = openIamKeystore(folder);
    const store = openIamStore(folder);
    await registerMany(store, keystore, wanted);
    whole = digestOfAgents(store);
    await store.close();
    await keystore.close();
    const made = await maintain(bench, 'backup', '--to', join(folder, 'backups'));
    backup = String(made.result['file']);
  }, 120_000);
  afterAll(() => bench.stop());

  it('in the middle of a rebuild leaves the tables as they were', async () => {
    const db = openDatabase(join(folder, 'iam.db'));
    db.exec('UPDATE agent_identities SET agent_name = NULL');
    db.close();
    const before = await look();
    expect(before).not.toEqual(whole);
    expect(await killed('rebuild')).toBe(true);
    expect(await look()).toEqual(before);
    expect(await maintain(bench, 'rebuild')).toMatchObject({ ok: true, result: { events: wanted } });
    expect(await look()).toEqual(whole);
  }, 60_000);

  it('in the middle of a restore leaves the file as it was', async () => {
    expect(await killed('restore', '--from', backup, '--accept-loss')).toBe(true);
    expect(await look()).toEqual(whole);
    const done = await succeed(bench, 'restore', '--from', backup, '--accept-loss');
    expect(done).toMatchObject({ ok: true, result: { fromFile: wanted, fromStream: 0 } });
    expect(await look()).toEqual(whole);
    expect(readdirSync(folder).filter((name) => name.includes('restoring'))).toEqual([]);
  }, 60_000);
});
