import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { birthMark } from './process-identity';
import { isLock, type Lock, lockHolder, takeLock } from './start-lock';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';

let directory: string;
let file: string;
beforeEach(() => {
  directory = temporaryDirectory();
  file = join(directory, 'lock');
});
afterEach(() => removeTemporaryDirectory(directory));

describe('a lock', () => {
  it('is had by one at a time', async () => {
    const taken = await Promise.all(Array.from({ length: 20 }, () => takeLock(file)));
    expect(taken.filter(isLock)).toHaveLength(1);
    expect(taken.filter((other) => !isLock(other))).toEqual(
      Array(19).fill({ pid: process.pid, mark: birthMark(process.pid) }),
    );
    expect(readdirSync(directory)).toEqual(['lock.1']);
  });

  it('that was released can be taken again', async () => {
    await ((await takeLock(file)) as Lock).release();
    expect(await lockHolder(file)).toBeUndefined();
    expect(isLock(await takeLock(file))).toBe(true);
  });

  it('of a dead process counts for nothing, and one of many takes it over', async () => {
    const { pid } = spawnSync('true');
    writeFileSync(`${file}.7`, JSON.stringify({ pid, mark: 'boot:1' }));
    const taken = await Promise.all(Array.from({ length: 20 }, () => takeLock(file)));
    expect(taken.filter(isLock)).toHaveLength(1);
    expect(readdirSync(directory)).toEqual(['lock.8']);
  });

  it('that changes hands very often is never had by two', async () => {
    let holders = 0;
    const work = async (): Promise<void> => {
      for (let round = 0; round < 50; round += 1) {
        const taken = await takeLock(file);
        if (!isLock(taken)) continue;
        holders += 1;
        expect(holders).toBe(1);
        await delay(1);
        holders -= 1;
        await taken.release();
      }
    };
    await Promise.all(Array.from({ length: 10 }, work));
  });

  it('whose pid belongs to another process by now counts for nothing', async () => {
    writeFileSync(`${file}.7`, JSON.stringify({ pid: process.pid, mark: 'an earlier boot:1' }));
    expect(isLock(await takeLock(file))).toBe(true);
  });

  it('with torn content counts for nothing', async () => {
    writeFileSync(`${file}.7`, '{"pid":');
    expect(isLock(await takeLock(file))).toBe(true);
  });
});
