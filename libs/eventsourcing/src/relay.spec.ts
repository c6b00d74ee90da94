import {
  comparePositions,
  type EventEnvelope,
  formatPosition,
  origin,
  type Position,
} from '@concordat/contracts';
import { chainHeadBytes, ed25519Signer, verifySignatures } from '@concordat/crypto';
import fc from 'fast-check';
import { request } from './event-store.conformance';
import { MemoryEventStore } from './memory-event-store';
import { type PublishedHead, Relay, type RelayState, type RelayTarget } from './relay';
import { verifyChain } from './verify-chain';

const signer = ed25519Signer(new Uint8Array(32).fill(1));
const sleep = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Fault = 'none' | 'lost-request' | 'lost-reply' | 'lost-data';

/** A stream with the promises of the real one, that fails as told. */
class FaultyTarget implements RelayTarget {
  entries: EventEnvelope[] = [];
  constructor(private readonly faults: Fault[]) {}

  async head(): Promise<PublishedHead | undefined> {
    return this.#head();
  }

  async append(expected: Position, entries: readonly EventEnvelope[]): Promise<PublishedHead | undefined> {
    const fault = this.faults.shift() ?? 'none';
    if (fault === 'lost-request') throw new Error('connection lost before the request');
    const head = this.#head()?.at ?? origin;
    if (comparePositions(head, expected) === 0) this.entries.push(...entries);
    if (fault === 'lost-reply') throw new Error('connection lost before the reply');
    if (fault === 'lost-data') this.entries = this.entries.slice(0, Math.floor(this.entries.length / 2));
    return this.#head();
  }

  #head(): PublishedHead | undefined {
    const last = this.entries.at(-1);
    return last && { at: last.at, hash: last.hash! };
  }
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 10_000; turn++) {
    if (await isTrue()) return;
    await sleep();
  }
  throw new Error('it did not become true');
}

async function storeWith(count: number, epoch = 1): Promise<MemoryEventStore> {
  const store = new MemoryEventStore('iam', epoch);
  for (let i = 0; i < count; i++) await store.append(request({ stream: `apiKey/${i}` }, [String(i)]));
  return store;
}

describe('the relay', () => {
  it('publishes every event once and in order whatever requests, replies or data get lost', async () => {
    const faults = fc.array(fc.constantFrom<Fault>('none', 'lost-request', 'lost-reply', 'lost-data'), {
      maxLength: 8,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 600 }),
        fc.integer({ min: 0, max: 5 }),
        faults,
        async (count, later, list) => {
          const store = await storeWith(count);
          const target = new FaultyTarget([...list]);
          const relay = new Relay({ store, target, signer, sleep });
          relay.start();
          for (let i = 0; i < later; i++) await store.append(request({ stream: `later/${i}` }));
          await until(() => relay.state.status === 'current' && target.entries.length === count + later);
          await relay.stop();
          expect(target.entries.map(({ at }) => at.position)).toEqual(
            Array.from({ length: count + later }, (_, i) => i + 1),
          );
          expect(verifyChain(target.entries)).toEqual({ ok: true });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('works beside a second relay of the same store', async () => {
    const store = await storeWith(300);
    const target = new FaultyTarget([]);
    const relays = [1, 2].map(() => new Relay({ store, target, signer, sleep }));
    for (const relay of relays) relay.start();
    await until(
      () => target.entries.length >= 300 && relays.every(({ state }) => state.status === 'current'),
    );
    await Promise.all(relays.map((relay) => relay.stop()));
    expect(target.entries).toHaveLength(300);
  });

  it('signs the head of every batch', async () => {
    const store = await storeWith(3);
    const target = new FaultyTarget([]);
    const relay = new Relay({ store, target, signer, sleep });
    relay.start();
    await until(() => target.entries.length === 3);
    await relay.stop();
    const { at, hash, signatures } = target.entries[2]!;
    expect(
      verifySignatures(chainHeadBytes('iam', formatPosition(at), hash!), signatures, signer.publicKeys),
    ).toBe(true);
    expect(
      verifySignatures(chainHeadBytes('vault', formatPosition(at), hash!), signatures, signer.publicKeys),
    ).toBe(false);
  });

  it('refuses to publish from a store that was rolled back, and says what is missing', async () => {
    const target = new FaultyTarget([]);
    const whole = new Relay({ store: await storeWith(5), target, signer, sleep });
    whole.start();
    await until(() => target.entries.length === 5);
    await whole.stop();

    const states: RelayState[] = [];
    const older = await storeWith(3);
    const relay = new Relay({ store: older, target, signer, sleep, onState: (state) => states.push(state) });
    relay.start();
    await until(() => relay.state.status === 'regressed');
    await older.append(request({ stream: 'apiKey/other' }));
    await sleep();
    await relay.stop();
    expect(target.entries).toHaveLength(5);
    expect(states.find(({ status }) => status === 'regressed')).toEqual({
      status: 'regressed',
      missing: expect.stringContaining('The stream of iam ends at 1-5, the store at 1-3') as string,
    });
  });

  it('refuses to publish from a store with another history of the same length', async () => {
    const target = new FaultyTarget([]);
    const first = new Relay({ store: await storeWith(3), target, signer, sleep });
    first.start();
    await until(() => target.entries.length === 3);
    await first.stop();
    const other = new MemoryEventStore('iam', 1);
    for (let i = 0; i < 4; i++) await other.append(request({ stream: `other/${i}` }));
    const relay = new Relay({ store: other, target, signer, sleep });
    relay.start();
    await until(() => relay.state.status === 'regressed');
    await relay.stop();
    expect(target.entries).toHaveLength(3);
  });

  it('goes on under the new epoch of a restored store, behind what was published before', async () => {
    const target = new FaultyTarget([]);
    const first = new Relay({ store: await storeWith(5), target, signer, sleep });
    first.start();
    await until(() => target.entries.length === 5);
    await first.stop();

    const restored = await storeWith(3);
    Object.assign(restored, { epoch: 2 }); // as a restore does
    await restored.append(request({ stream: 'apiKey/new' }));
    const relay = new Relay({ store: restored, target, signer, sleep });
    relay.start();
    await until(() => target.entries.length === 6);
    await relay.stop();
    expect(target.entries[5]!.at).toEqual({ epoch: 2, position: 4 });
    expect(target.entries[5]!.prev).not.toEqual(target.entries[4]!.at); // readers see the gap
  });

  it.each([0, 3])('refuses to publish from a store of %s events that was begun anew', async (count) => {
    const target = new FaultyTarget([]);
    const first = new Relay({ store: await storeWith(5), target, signer, sleep });
    first.start();
    await until(() => target.entries.length === 5);
    await first.stop();
    const relay = new Relay({ store: await storeWith(count, 2), target, signer, sleep });
    relay.start();
    await until(() => relay.state.status === 'regressed');
    await relay.stop();
    expect(target.entries).toHaveLength(5);
  });
});
