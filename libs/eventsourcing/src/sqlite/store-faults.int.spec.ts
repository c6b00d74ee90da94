import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ed25519Signer, toBase64url } from '@concordat/crypto';
import { openDatabase } from '@concordat/sqlite';
import { Relay, type RelayState } from '../relay';
import { type EventStore, type Head } from '../event-store';
import { EventReader } from './event-reader';
import { anchorFile } from './head-anchor';
import { StoreFixture } from './store.fixture';
import { verifyAtOpen } from './verify-file';

const wanted = 1_000;
const signer = ed25519Signer(new Uint8Array(32).fill(1));

/** Reproducible numbers from 0 to `below` (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below) | 0;
  };
}

interface Files {
  readonly db: Buffer;
  readonly wal: Buffer;
}

const faults: Record<
  string,
  (now: Files, before: readonly Files[], random: (below: number) => number) => Files
> = {
  'log cut off': ({ db, wal }, _, random) => ({ db, wal: wal.subarray(0, random(wal.length)) }),
  'log torn in the middle': ({ db, wal }, _, random) => {
    const torn = Buffer.from(wal);
    const from = 32 + random(wal.length - 32);
    return { db, wal: torn.fill(0, from, Math.min(wal.length, from + 512)) };
  },
  'bit flipped in the log': ({ db, wal }, _, random) => {
    const flipped = Buffer.from(wal);
    flipped[random(wal.length)]! ^= 1 << random(8);
    return { db, wal: flipped };
  },
  'file cut off': ({ db, wal }, _, random) => ({ db: db.subarray(0, random(db.length)), wal }),
  'file and log of before': (_, before, random) => before[random(before.length)]!,
  'file of before, without its log': (_, before, random) => ({
    db: before[random(before.length)]!.db,
    wal: Buffer.alloc(0),
  }),
};

describe('a store that was torn, cut off or rolled back', () => {
  it(`is refused, ${wanted} times of ${wanted}`, async () => {
    const fixture = new StoreFixture();
    const before: Files[] = [];
    const take = (): Files => ({ db: readFileSync(fixture.file), wal: readFileSync(`${fixture.file}-wal`) });
    for (let number = 0; number < 60; number++) {
      await fixture.register(`agent-${number}`);
      // Some of the history is in the file, some in the log.
      if (number % 25 === 24) await fixture.store.purge();
      if (number % 5 === 0) before.push(take());
    }
    const now = take();
    const head = await fixture.store.head();
    await fixture.store.close();
    const random = numbers(8);
    const folder = join(fixture.folder, 'variant');
    const file = join(folder, 'iam.db');
    const found: Record<string, number[]> = {};
    let harmless = 0;
    let refused = 0;
    let byStream = 0;
    for (let tried = 0; refused < wanted && tried < 2 * wanted; tried++) {
      const [name, fault] = Object.entries(faults)[tried % Object.keys(faults).length]!;
      const { db, wal } = fault(now, before, random);
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder);
      writeFileSync(file, db);
      writeFileSync(`${file}-wal`, wal);
      const counts = (found[name] ??= [0, 0]);
      if (isRefused(file)) counts[0]! += 1;
      else {
        // Nothing in the file itself says so: the head that was kept elsewhere does.
        const regressed = await isRegressed(file, head);
        copyFileSync(anchorFile(fixture.file), anchorFile(file));
        const isFound = isRefused(file);
        expect(isFound).toBe(regressed);
        if (!isFound) {
          expect(headOf(file)).toEqual(head);
          harmless += 1;
          continue;
        }
        byStream += 1;
        counts[1]! += 1;
      }
      refused += 1;
    }
    process.stdout.write(
      `${refused} of ${refused} damaged stores refused: ${refused - byStream} by their pages and chain, ${byStream} only by ` +
        `the head kept elsewhere (anchor file and stream alike); ${harmless} faults had lost nothing and were accepted\n` +
        Object.entries(found)
          .map(([name, [local, anchor]]) => `  ${name}: ${local} by itself, ${anchor} by the head\n`)
          .join(''),
    );
    expect(refused).toBe(wanted);
    fixture.open();
    await fixture.cleanUp();
  }, 300_000);
});

function isRefused(file: string): boolean {
  try {
    verifyAtOpen(file, 'iam');
    return false;
  } catch {
    return true;
  }
}

const headOf = (file: string): Head => reading(file, (reader) => reader.head());

function reading<T>(file: string, read: (reader: EventReader) => T): T {
  const db = openDatabase(file, { readonly: true });
  try {
    return read(new EventReader(db));
  } finally {
    db.close();
  }
}

/** What the relay says of the store, compared with a stream that ends at `published`. */
async function isRegressed(file: string, { at, hash }: Head): Promise<boolean> {
  const store: Partial<EventStore> = {
    source: 'iam',
    epoch: reading(file, (reader) => reader.epoch()),
    head: async () => headOf(file),
    eventAt: async (position) => reading(file, (reader) => reader.after(position - 1, 1, 0)[0]),
    readAfter: async (position, limit) => reading(file, (reader) => reader.after(position, limit, 1e9)),
    onAppended: () => () => undefined,
  };
  const head = { at, hash: toBase64url(hash) };
  return new Promise((resolve) => {
    const onState = ({ status }: RelayState): void => {
      if (status === 'starting') return;
      void relay.stop();
      resolve(status === 'regressed');
    };
    const relay = new Relay({
      ...{ store: store as EventStore, signer, onState },
      target: { head: async () => head, append: async () => head },
      sleep: () => new Promise((done) => setImmediate(done)),
    });
    relay.start();
  });
}
