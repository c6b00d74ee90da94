import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nextStartMs } from './start-time';

describe('the time of a start', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'concordat-start-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is that of the clock, and later than the one before when the clock was set back', () => {
    const dataDir = join(folder, 'iam');
    expect([1_000, 2_000, 500, 500, 3_000].map((nowMs) => nextStartMs(dataDir, nowMs))).toEqual([
      1_000, 2_000, 2_001, 2_002, 3_000,
    ]);
  });

  it('is that of the clock when what was written down is damaged', () => {
    writeFileSync(join(folder, 'started'), 'half');
    expect(nextStartMs(folder, 1_000)).toBe(1_000);
  });
});
