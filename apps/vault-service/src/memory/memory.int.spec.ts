import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MemoryWritten } from '@concordat/contracts';
import { openData } from '@concordat/eventsourcing';
import { fileRootKey, openKeystore } from '@concordat/keystore';
import { type Connection, openDatabase } from '@concordat/sqlite';
import { commandNode, whenReady } from '@concordat/streams';
import { filesBelow } from '@concordat/testing';
import { newPrincipal, refusalOf, startVault, type VaultBench } from '../vault.fixture';

jest.setTimeout(30_000);

describe('a memory at rest', () => {
  let vault: VaultBench;
  beforeAll(async () => {
    vault = await startVault();
  });
  afterAll(() => vault.stop());

  type Agent = ReturnType<typeof newPrincipal>;
  const put = ({ did: persona, principal }: Agent, key: string, content: string) =>
    vault.caller.call('memory.put', { persona, key, content }, { principal });
  const get = ({ did: persona, principal }: Agent, key: string) =>
    vault.caller.call('memory.get', { persona, key }, { principal });
  const remove = ({ did: persona, principal }: Agent, key: string) =>
    vault.caller.call('memory.delete', { persona, key }, { principal });

  /** Runs `work` on the database of the service, from outside. */
  function onDatabase<T>(work: (db: Connection) => T): T {
    const db = openDatabase(vault.file('vault.db'));
    try {
      return work(db);
    } finally {
      db.close();
    }
  }

  /** Opens every stored version of an agent's memories with whatever keys there are. */
  async function contentsInEvents({ did }: Agent): Promise<unknown[]> {
    const sql =
      'SELECT tenant, stream, version, data FROM events WHERE type = ? AND subject = ? ORDER BY position';
    type Row = { tenant: string; stream: string; version: number; data: string };
    const rows = onDatabase((db) => db.prepare<[string, string], Row>(sql).all(MemoryWritten.type, did));
    const keystore = openKeystore({
      file: vault.file('keys.db'),
      root: fileRootKey(vault.file('root.key'), vault.file('keys.db'), () => undefined),
      now: () => new Date().toISOString(),
      onFailure: () => undefined,
    });
    try {
      const opened = rows.map(({ data, ...place }) =>
        openData(MemoryWritten, JSON.parse(data) as Record<string, unknown>, place, keystore),
      );
      return (await Promise.all(opened)).map(({ content }) => content);
    } finally {
      await keystore.close();
    }
  }

  describe('that is deleted', () => {
    it('leaves ciphertext that nobody can open, and lives anew under a new key', async () => {
      const ada = newPrincipal();
      await put(ada, 'notes', 'one');
      await put(ada, 'notes', 'two');
      expect(await contentsInEvents(ada)).toEqual(['one', 'two']);
      await remove(ada, 'notes');
      expect(await contentsInEvents(ada)).toEqual([null, null]);
      await put(ada, 'notes', 'three');
      expect(await contentsInEvents(ada)).toEqual([null, null, 'three']);
      expect((await get(ada, 'notes')).output).toMatchObject({ version: 4, content: 'three' });
    });

    it('takes nothing else of its persona with it', async () => {
      const ada = newPrincipal();
      await put(ada, 'one', 'kept');
      await put(ada, 'two', 'gone');
      await remove(ada, 'two');
      expect((await get(ada, 'one')).output.content).toBe('kept');
    });

    it('loses a key that an interrupted deletion left, at the next start', async () => {
      const ada = newPrincipal();
      const [keys, copy] = [vault.file('keys.db'), join(vault.bench.folder, 'keys-before')];
      await put(ada, 'notes', 'leftover');
      await put(ada, 'other', 'kept');
      await vault.restart(() => copyFileSync(keys, copy));
      await remove(ada, 'notes');
      await vault.restart(async () => {
        // As if the process had ended right after the event.
        copyFileSync(copy, keys);
        expect(await contentsInEvents(ada)).toEqual(['leftover', 'kept']);
      });
      expect(await contentsInEvents(ada)).toEqual([null, 'kept']);
      expect(vault.logLines.filter((line) => line.includes('interrupted deletion'))).toHaveLength(1);
      expect((await get(ada, 'other')).output.content).toBe('kept');
    });
  });

  describe('that is damaged', () => {
    const damaged = { code: 'MEMORY_DAMAGED', detail: expect.stringContaining('damaged') as string };

    it('by one flipped bit fails alone, clearly, without its content in the log, and can be written anew', async () => {
      const ada = newPrincipal();
      await put(ada, 'broken', 'canary-of-the-broken');
      await put(ada, 'whole', 'whole');
      const recordId = onDatabase((db) => {
        type Row = { record_id: string; sealed_content: string };
        const sql = 'SELECT record_id, sealed_content FROM memories WHERE persona = ? ORDER BY rowid';
        const [row] = db.prepare<[string], Row>(sql).all(ada.did);
        const sealed = JSON.parse(row!.sealed_content) as { value: string };
        const bytes = Buffer.from(sealed.value, 'base64url');
        bytes[bytes.length >> 1]! ^= 1;
        const flipped = JSON.stringify({ ...sealed, value: bytes.toString('base64url') });
        db.prepare('UPDATE memories SET sealed_content = ? WHERE record_id = ?').run(flipped, row!.record_id);
        return row!.record_id;
      });
      expect(await refusalOf(get(ada, 'broken'))).toEqual(damaged);
      expect((await get(ada, 'whole')).output.content).toBe('whole');
      const logged = vault.logLines.filter((line) => line.includes(recordId));
      expect(logged).toHaveLength(1);
      expect(JSON.parse(logged[0]!)).toMatchObject({ level: 'error', persona: ada.did, version: 1 });
      expect(logged[0]).not.toContain('canary');
      await put(ada, 'broken', 'mended');
      expect((await get(ada, 'broken')).output.content).toBe('mended');
    });

    it.each([
      '{',
      '{}',
      '{"alg":"A256GCM","kid":"x","value":"!"}',
      '{"alg":"A256GCM","kid":"x","value":"A"}',
    ])('to %s fails in the same way', async (text) => {
      const ada = newPrincipal();
      await put(ada, 'notes', 'hello');
      onDatabase((db) =>
        db
          .prepare('UPDATE memories SET sealed_content = ?, sealed_key = ? WHERE persona = ?')
          .run(text, text, ada.did),
      );
      expect(await refusalOf(get(ada, 'notes'))).toEqual(damaged);
    });

    it('fails when it was exchanged with that of another persona', async () => {
      const [ada, bob] = [newPrincipal(), newPrincipal()];
      await put(ada, 'notes', 'of ada');
      await put(bob, 'notes', 'of bob');
      onDatabase((db) => {
        type Row = { sealed_key: string; sealed_content: string };
        const find = db.prepare<[string], Row>(
          'SELECT sealed_key, sealed_content FROM memories WHERE persona = ?',
        );
        const [mine, theirs] = [find.get(ada.did)!, find.get(bob.did)!];
        const set = db.prepare('UPDATE memories SET sealed_key = ?, sealed_content = ? WHERE persona = ?');
        set.run(theirs.sealed_key, theirs.sealed_content, ada.did);
        set.run(mine.sealed_key, mine.sealed_content, bob.did);
      });
      for (const agent of [ada, bob]) expect(await refusalOf(get(agent, 'notes'))).toEqual(damaged);
    });

    it('fails when it was exchanged with another of the same persona, or with an older version of itself', async () => {
      const ada = newPrincipal();
      await put(ada, 'one', 'first');
      await put(ada, 'two', 'other');
      type Row = { record_id: string; sealed_key: string; sealed_content: string };
      const rows = onDatabase((db) =>
        db.prepare<[string], Row>('SELECT * FROM memories WHERE persona = ? ORDER BY rowid').all(ada.did),
      );
      const restore = (recordId: string, { sealed_key, sealed_content }: Row) =>
        onDatabase((db) =>
          db
            .prepare('UPDATE memories SET sealed_key = ?, sealed_content = ? WHERE record_id = ?')
            .run(sealed_key, sealed_content, recordId),
        );
      await put(ada, 'one', 'second');
      restore(rows[0]!.record_id, rows[0]!);
      restore(rows[1]!.record_id, rows[0]!);
      for (const key of ['one', 'two']) expect(await refusalOf(get(ada, key))).toEqual(damaged);
    });
  });

  it('is found in clear in no file, no Redis, no frame and no log; a control is found in each', async () => {
    const ada = newPrincipal();
    const [secretKey, secretContent] = ['canary_key_8f3kq7', 'canary content zx81pv, forgotten by all'];
    const control = 'control of the search';
    const frames = await watchFrames(control);

    await put(ada, secretKey, secretContent);
    expect((await get(ada, secretKey)).output.content).toBe(secretContent);
    await refusalOf(get(newPrincipal(), secretKey));
    await put(ada, secretKey, `${secretContent}, twice`);
    await put(ada, `${secretKey}-2`, secretContent);
    await remove(ada, `${secretKey}-2`);

    await vault.redis.xadd('control', '*', 'plain', control, 'hex', Buffer.from(control).toString('hex'));
    writeFileSync(vault.file('control'), Buffer.from(`xx${control}`).toString('base64'));
    const places = {
      files: readFolder(join(vault.bench.folder, 'vault')),
      aof: readFolder(vault.bench.redis.durable.directory),
      dump: await dumpAll(),
      frames: await frames.end(),
      log: [...vault.logLines, control].join('\n'),
    };
    for (const [place, text] of Object.entries(places)) {
      expect([place, isFound(control, text)]).toEqual([place, true]);
      for (const secret of [secretKey, secretContent]) {
        expect([place, secret, isFound(secret, text)]).toEqual([place, secret, false]);
      }
    }
  });

  /** Everything that passes through the Redis for commands, from now on. */
  async function watchFrames(control: string): Promise<{ end(): Promise<string> }> {
    const commands = commandNode({ url: vault.bench.redis.rpc.url, name: 'test' });
    await whenReady(commands, 5_000);
    const monitor = await commands.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args.join(' ')));
    return {
      end: async () => {
        await commands.set('control', control);
        while (!seen.some((line) => line.includes(control)))
          await new Promise((done) => setTimeout(done, 10));
        monitor.disconnect();
        commands.disconnect();
        return seen.join('\n');
      },
    };
  }

  async function dumpAll(): Promise<string> {
    // A compressed dump would hide what it holds.
    await vault.redis.config('SET', 'rdbcompression', 'no');
    const names = await vault.redis.keys('*');
    const dumps = await Promise.all(names.map((name) => vault.redis.dumpBuffer(name)));
    return dumps.map((dump) => dump!.toString('latin1')).join('\n');
  }
});

const readFolder = (folder: string): string =>
  filesBelow(folder)
    .map(({ bytes }) => bytes.toString('latin1'))
    .join('\n');

/** In clear, in hexadecimal, or in base64 at any of its three alignments. */
function isFound(secret: string, text: string): boolean {
  const hex = Buffer.from(secret).toString('hex');
  const base64 = [0, 1, 2].flatMap((shift) => {
    const encoded = Buffer.from('x'.repeat(shift) + secret).toString('base64');
    // Without the characters at both ends that depend on the neighbours.
    const inner = encoded.slice(shift === 0 ? 0 : 4, -4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [secret, hex, hex.toUpperCase(), ...base64].some((form) => text.includes(form));
}
