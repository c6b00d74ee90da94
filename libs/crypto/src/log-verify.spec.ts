import fc from 'fast-check';
import { utf8 } from './bytes';
import { checkpointOf, leafOf, memoryLog, MemoryLog, vkey } from './log-files.fixture';
import { type LogFault, verifyLog } from './log-verify';
import { leafHash } from './merkle';
import { TileTree } from './tile-tree';
import { decodeEntryBundle, encodeEntryBundle } from './tlog-tile';

const size = 700;
const whole = memoryLog(size);
const copy = (): MemoryLog => {
  const log = new MemoryLog([]);
  log.files.clear();
  for (const [path, bytes] of whole.files) log.files.set(path, bytes.slice());
  return log;
};
const entryPaths = [...whole.files.keys()].filter((path) => path.startsWith('tile/entries'));
const tilePaths = [...whole.files.keys()].filter((path) => /^tile\/\d/.test(path));
const treeOf = (entries: number) =>
  TileTree.empty.append(Array.from({ length: entries }, (_, i) => leafHash(leafOf(i)))).tree;

/** Changes the entries of one bundle. @returns false when it then holds the same bytes */
function edit(log: MemoryLog, bundle: number, change: (entries: Uint8Array[]) => void): boolean {
  const path = entryPaths[bundle]!;
  const entries = [...decodeEntryBundle(log.files.get(path)!).entries];
  change(entries);
  const bytes = encodeEntryBundle(entries);
  const isSame = Buffer.compare(bytes, log.files.get(path)!) === 0;
  log.files.set(path, bytes);
  return !isSame;
}
const verdictOf = (log: MemoryLog, older?: string) => verifyLog(log, { vkey, older });
const firstOf = async (log: MemoryLog): Promise<LogFault | undefined> => (await verdictOf(log)).faults[0];

describe('a whole log', () => {
  it('verifies, at every size of tiles, and shows every entry once', async () => {
    for (const entries of [0, 1, 2, 255, 256, 257, 511, 512, 513, 700, 66_000]) {
      const seen: number[] = [];
      const log = entries === size ? whole : memoryLog(entries);
      const verdict = await verifyLog(log, { vkey, onEntry: (index) => void seen.push(index) });
      expect(verdict).toMatchObject({ ok: true, entries, faults: [], checkpoint: { size: entries } });
      expect(seen).toHaveLength(entries);
    }
  });

  it('continues an older checkpoint of every size', async () => {
    for (const older of [0, 1, 255, 256, 300, 512, 699, 700])
      expect(await verdictOf(whole, checkpointOf(treeOf(older)))).toMatchObject({ ok: true });
  });

  it('is not believed under another key, with a damaged checkpoint, or with none', async () => {
    const log = copy();
    log.files.delete('checkpoint');
    expect((await firstOf(log))?.kind).toBe('signature');
    for (const key of ['', 'nonsense', vkey.replace('example', 'exemple')])
      expect(await verifyLog(whole, { vkey: key })).toMatchObject({ ok: false, checkpoint: null });
    const note = whole.files.get('checkpoint')!;
    for (let at = 0; at < note.byteLength; at++) {
      const bad = copy();
      bad.files.set('checkpoint', note.with(at, note[at]! ^ 1));
      expect(await firstOf(bad)).toMatchObject({ kind: 'signature', index: null });
    }
  });
});

describe('a log that was rolled back or forked', () => {
  it('is refused by whoever holds an older checkpoint', async () => {
    const verdict = await verdictOf(memoryLog(600), checkpointOf(treeOf(size)));
    expect(verdict).toMatchObject({ ok: false, faults: [{ kind: 'history', index: 600 }] });
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.nat(size - 1), async (forkAt, from) => {
        const older = Math.min(size, Math.max(forkAt, from) + 1);
        const forked = await verdictOf(memoryLog(size, forkAt), checkpointOf(treeOf(older)));
        expect(forked.faults).toMatchObject([{ kind: 'history' }]);
      }),
      { numRuns: 25 },
    );
  });

  it('is not helped by an older checkpoint that the key has not signed', async () => {
    const older = checkpointOf(treeOf(5)).replace('example', 'exemple');
    expect((await verdictOf(whole, older)).faults).toMatchObject([{ kind: 'signature' }]);
  });
});

describe('a log in which something was changed', () => {
  const at = fc.nat(size - 1);
  const names = async (log: MemoryLog, index: number): Promise<void> => {
    expect(await firstOf(log)).toMatchObject({ kind: 'entry', index });
  };

  it('names the first entry that was edited, exchanged, put in, or taken out', async () => {
    const kinds = ['edit', 'swap', 'insert', 'delete', 'cut', 'lengthen'] as const;
    const tampering = fc.tuple(fc.constantFrom(...kinds), at, at, fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(tampering, async ([kind, index, other, byte]) => {
        const log = copy();
        const bundle = Math.floor(index / 256);
        const place = index % 256;
        const isChanged = edit(log, bundle, (entries) => {
          const leaf = entries[place]!;
          const to = other % entries.length;
          if (kind === 'edit')
            entries[place] = leaf.with(other % leaf.byteLength, leaf[other % leaf.byteLength]! ^ byte);
          if (kind === 'swap') [entries[place], entries[to]] = [entries[to]!, leaf];
          if (kind === 'insert') entries.splice(place, 0, utf8(`{"id":"bus.9:1:${byte}"}`));
          if (kind === 'delete') entries.splice(place, 1);
          if (kind === 'cut') entries[place] = leaf.slice(0, -(byte % leaf.byteLength) || -1);
          if (kind === 'lengthen') entries[place] = Buffer.concat([leaf, Uint8Array.of(byte)]);
        });
        fc.pre(isChanged);
        const first = kind === 'swap' ? Math.min(place, other % (bundle < 2 ? 256 : size % 256)) : place;
        await names(log, bundle * 256 + first);
      }),
      { numRuns: 300 },
    );
  });

  it('names the entry at which a bundle was cut off, or from which on it is gone', async () => {
    await fc.assert(
      fc.asyncProperty(at, fc.nat(300), async (index, more) => {
        const log = copy();
        const bundle = Math.floor(index / 256);
        const bytes = log.files.get(entryPaths[bundle]!)!;
        const before = encodeEntryBundle(decodeEntryBundle(bytes).entries.slice(0, index % 256)).byteLength;
        log.files.set(entryPaths[bundle]!, bytes.slice(0, before + Math.min(more, 300)));
        await names(log, index);
      }),
      { numRuns: 100 },
    );
    for (const [bundle, path] of entryPaths.entries()) {
      const log = copy();
      log.files.delete(path);
      await names(log, bundle * 256);
    }
    const swapped = copy();
    swapped.files.set(entryPaths[0]!, whole.files.get(entryPaths[1]!)!);
    swapped.files.set(entryPaths[1]!, whole.files.get(entryPaths[0]!)!);
    await names(swapped, 0);
  });

  it('tells a damaged tile from a wrong entry', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...tilePaths), fc.nat(), fc.nat(3), async (path, place, how) => {
        const log = copy();
        const bytes = log.files.get(path)!;
        const cut = place % bytes.byteLength;
        if (how === 0) log.files.delete(path);
        else if (how === 1) log.files.set(path, bytes.slice(0, cut));
        else if (how === 2) log.files.set(path, Buffer.concat([bytes, bytes.subarray(0, 32)]));
        else log.files.set(path, bytes.with(cut, bytes[cut]! ^ 0x40));
        const fault = await firstOf(log);
        expect(fault).toMatchObject({ kind: 'tile', detail: expect.stringContaining('damaged') as string });
        if (how === 3 && path.startsWith('tile/0/001')) expect(fault!.index).toBe(256 + Math.floor(cut / 32));
      }),
      { numRuns: 100 },
    );
  });

  it('names the bundle when its tile was changed with it, and says so when all tiles were', async () => {
    const forged = memoryLog(size, 300);
    const log = copy();
    for (const path of [entryPaths[1]!, tilePaths.find((name) => name === 'tile/0/001')!])
      log.files.set(path, forged.files.get(path)!);
    expect(await firstOf(log)).toMatchObject({ kind: 'entry', index: 256 });
    for (const [path, bytes] of forged.files) if (path !== 'checkpoint') log.files.set(path, bytes);
    expect((await verdictOf(log)).faults).toMatchObject([{ kind: 'root', index: null }]);
  });

  it('says which event the bad entry claims to be, when it can be read', async () => {
    const log = copy();
    edit(log, 1, (entries) => void (entries[3] = leafOf(259, 'x')));
    edit(log, 2, (entries) => void (entries[0] = utf8('{')));
    const { faults } = await verdictOf(log);
    expect(faults).toMatchObject([
      { kind: 'entry', index: 259, eventId: 'bus.0:1:259' },
      { kind: 'entry', index: 512, eventId: null },
    ]);
  });
});
