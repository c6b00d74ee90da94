import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodesOf } from './cluster/cluster-connection';
import { commandConnection } from './connection';
import { LuaScript } from './lua-script';
import { type RedisConnection, whenReady } from './redis-connection';

/** What every Redis promises to a script. */
export function describeLuaScript(where: string, url: () => string): void {
  describe(`a script in ${where}`, () => {
    let redis: RedisConnection;
    let script: LuaScript;
    const folder = mkdtempSync(join(tmpdir(), 'concordat-lua-'));
    const keys = Array.from({ length: 60 }, (_, i) => `cc:{lua.${i}}:count`);

    beforeAll(async () => {
      redis = commandConnection({ url: url(), name: 'test' });
      await whenReady(redis, 5_000);
      const file = join(folder, 'count-up-1.lua');
      writeFileSync(
        file,
        "if ARGV[1] == 'no' then return redis.error_reply('CONCORDAT OVERLOADED too much') end\n" +
          "return redis.call('INCRBY', KEYS[1], ARGV[1])",
      );
      script = new LuaScript(file);
    });
    afterAll(() => {
      redis.disconnect();
      rmSync(folder, { recursive: true });
    });

    const runAll = (argument: number): Promise<unknown[]> =>
      Promise.all(keys.map((key) => script.run(redis, [key], [argument])));

    it('runs where its key lies, once, also when the servers have lost its text', async () => {
      expect(new Set(await runAll(1))).toEqual(new Set([1]));
      await Promise.all(nodesOf(redis).map((node) => node.script('FLUSH')));
      expect(new Set(await runAll(1))).toEqual(new Set([2]));
      expect(new Set(await Promise.all(keys.map((key) => redis.get(key))))).toEqual(new Set(['2']));
    });

    it('refuses with a code of the catalogue, and leaves other errors as they are', async () => {
      const refused = { code: 'OVERLOADED', detail: 'too much' };
      await expect(script.run(redis, [keys[0]!], ['no'])).rejects.toMatchObject(refused);
      await expect(script.run(redis, [keys[0]!], ['nonsense'])).rejects.toThrow('not an integer');
      await expect(script.run(redis, [], [1])).rejects.toThrow('takes 1 keys, not 0');
    });
  });
}
