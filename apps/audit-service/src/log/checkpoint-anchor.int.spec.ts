import files from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { formatCheckpoint, openNote, signNote } from '@concordat/crypto';
import { CheckpointAnchor } from './checkpoint-anchor';
import { obtainLogIdentity } from './log-identity';

describe('the anchor of the log', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await files.mkdtemp(join(tmpdir(), 'concordat-anchor-'));
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await files.rm(folder, { recursive: true });
  });

  const anchorIn = (dataDir: string) => {
    const identity = obtainLogIdentity({ dataDir, origin: 'test/log', vkeyFile: undefined });
    const note = (size: number): string =>
      signNote(
        formatCheckpoint({ origin: identity.origin, size, root: new Uint8Array(32) }),
        identity.signer,
      );
    return {
      anchor: new CheckpointAnchor(join(dataDir, 'checkpoint'), (note) => openNote(note, identity.signer)),
      note,
    };
  };

  it('gives back the last checkpoint that was kept, and leaves nothing else behind', async () => {
    const { anchor, note } = anchorIn(folder);
    expect(await anchor.read()).toBeUndefined();
    for (const size of [1, 7]) await anchor.keep(note(size));
    expect(await anchor.read()).toMatchObject({ size: 7 });
    expect((await files.readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('is durable when it was kept: the text before it takes its place, the place after', async () => {
    const { anchor, note } = anchorIn(folder);
    const steps: string[] = [];
    const { open, rename } = files;
    const isDraft = (path: unknown): boolean => basename(String(path)).endsWith('.tmp');
    jest.spyOn(files, 'open').mockImplementation(async (path, ...rest) => {
      const handle = await open.call(files, path, ...rest);
      const sync = handle.sync.bind(handle);
      handle.sync = () => {
        steps.push(`sync ${isDraft(path) ? 'draft' : path === folder ? 'folder' : 'another'}`);
        return sync();
      };
      return handle;
    });
    jest.spyOn(files, 'rename').mockImplementation((from, to) => {
      steps.push('rename');
      return rename.call(files, from, to);
    });
    await anchor.keep(note(1));
    expect(steps).toEqual(['sync draft', 'rename', 'sync folder']);
  });
});
