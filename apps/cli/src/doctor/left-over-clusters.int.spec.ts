import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { leftOverClusters } from './left-over-clusters';

let folder: string;
let system: string;
let cluster: string;
beforeEach(() => {
  folder = temporaryDirectory();
  system = join(folder, 'system');
  cluster = join(system, '0123456789abcdef-01234567');
  mkdirSync(cluster, { recursive: true });
  mkdirSync(join(folder, 'data', 'postgres'), { recursive: true });
  writeFileSync(join(cluster, 'owner'), `${join(folder, 'data', 'postgres')}\n`);
  writeFileSync(join(folder, 'data', 'postgres', 'moved-to'), `${cluster}\n`);
});
afterEach(() => removeTemporaryDirectory(folder));

const found = (dataDirectory: string): Promise<unknown[]> =>
  leftOverClusters(join(folder, dataDirectory), system);

describe('a PostgreSQL cluster outside its data folder', () => {
  it('whose folder is there is nothing to tell of, whichever folder is examined', async () => {
    expect(await found('data')).toEqual([]);
    expect(await found('another')).toEqual([]);
  });

  it('of the examined folder, which was moved, is never called left over', async () => {
    renameSync(join(folder, 'data'), join(folder, 'moved'));
    expect(await found('moved')).toEqual([]);
    expect(await found('another')).toMatchObject([
      { status: 'warning', fix: expect.stringContaining('If that folder was moved, start Concordat there') },
    ]);
  });

  it('whose folder was deleted is left over', async () => {
    rmSync(join(folder, 'data'), { recursive: true });
    expect(await found('data')).toMatchObject([{ fix: expect.stringContaining(`rm -r '${cluster}'`) }]);
  });
});
