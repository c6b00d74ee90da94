import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { movedCluster, postgresHome, type PostgresHome } from './postgres-home';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';

const asRoot = process.getuid?.() === 0;
let directory: string;
beforeEach(() => {
  directory = temporaryDirectory('concordat home ', 0o711);
  // Others cannot enter it, so the data goes elsewhere.
  mkdirSync(join(directory, 'closed'), { mode: 0o700 });
});
afterEach(() => removeTemporaryDirectory(directory));

const at = (name: string): string => join(directory, 'closed', name);
const home = (name: string): Promise<PostgresHome> => postgresHome(at(name), join(directory, 'system'));
const ownerOf = ({ parent }: PostgresHome): string => readFileSync(join(parent, 'owner'), 'utf8').trim();

(asRoot ? describe : describe.skip)('as root, the data of a closed folder', () => {
  it('lies elsewhere, and stays there', async () => {
    const first = await home('data');
    expect(first.parent).toBe(await movedCluster(at('data')));
    expect(await home('data')).toEqual(first);
    expect(ownerOf(first)).toBe(at('data'));
  });

  it('is not served to a copy of the folder', async () => {
    const { parent } = await home('data');
    execFileSync('cp', ['-a', at('data'), at('copy')]);
    await expect(home('copy')).rejects.toThrow(`${at('copy')} is a copy of ${at('data')}`);
    await expect(home('copy')).rejects.toThrow(`cp -a '${parent}' '${parent}-copy'`);
    expect((await home('data')).parent).toBe(parent);
  });

  it('goes along with a folder that is moved', async () => {
    const { parent } = await home('data');
    renameSync(at('data'), at('moved'));
    const after = await home('moved');
    expect(after.parent).toBe(parent);
    expect(ownerOf(after)).toBe(at('moved'));
  });

  it('goes to the copy when the original begins anew', async () => {
    const { parent } = await home('data');
    execFileSync('cp', ['-a', at('data'), at('copy')]);
    rmSync(join(at('data'), 'moved-to'));
    const after = await home('copy');
    expect(after.parent).toBe(parent);
    expect(ownerOf(after)).toBe(at('copy'));
    expect((await home('data')).parent).not.toBe(parent);
  });

  it('is that of the same folder when it is reached by way of a link', async () => {
    const first = await home('data');
    symlinkSync(at('data'), at('link'));
    expect((await home('link')).parent).toBe(first.parent);
    expect(ownerOf(first)).toBe(at('data'));
  });
});
