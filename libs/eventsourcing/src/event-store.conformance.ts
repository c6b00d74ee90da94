import { eventId } from '@concordat/contracts';
import {
  type AppendRequest,
  DuplicateCommandError,
  type EventStore,
  toEnvelope,
  VersionConflictError,
} from './event-store';
import { verifyChain } from './verify-chain';

export interface StoreBench {
  readonly store: EventStore;
  cleanUp(): Promise<void>;
}

const registered = 'concordat.iam.api-key.revoked.v1';

export const request = (
  over: Partial<AppendRequest> = {},
  ids: readonly string[] = ['x'],
): AppendRequest => ({
  tenant: 't1',
  stream: 'apiKey/1',
  expectedVersion: 0,
  events: ids.map((id) => ({ type: registered, subject: `apiKey:${id}`, data: JSON.stringify({ id }) })),
  time: '2026-01-01T00:00:00.000Z',
  actor: 'agent:a',
  correlation: null,
  traceparent: null,
  command: null,
  effects: [],
  ...over,
});

/** What every event store promises. Run by the spec of each adapter. */
export function describeEventStore(name: string, start: () => StoreBench): void {
  describe(`an event store ${name}`, () => {
    let bench: StoreBench;
    let store: EventStore;
    beforeEach(() => {
      bench = start();
      store = bench.store;
    });
    afterEach(() => bench.cleanUp());

    it('begins at the origin', async () => {
      expect((await store.head()).at).toEqual({ epoch: 0, position: 0 });
      expect(await store.readAfter(0, 10)).toEqual([]);
      expect(await store.eventAt(1)).toBeUndefined();
    });

    it('gives back what was appended, in order, with positions, versions and predecessors', async () => {
      await store.append(request({}, ['a', 'b']));
      const head = await store.append(
        request({ expectedVersion: 2, correlation: 'c', traceparent: 'tp' }, ['c']),
      );
      const events = await store.readStream('t1', 'apiKey/1');
      expect(events.map(({ version, data }) => [version, data])).toEqual([
        [1, '{"id":"a"}'],
        [2, '{"id":"b"}'],
        [3, '{"id":"c"}'],
      ]);
      expect(events.map(({ at }) => at)).toEqual(
        [1, 2, 3].map((position) => ({ epoch: store.epoch, position })),
      );
      expect(events[0]!.prev).toEqual({ epoch: 0, position: 0 });
      expect(events[2]!.prev).toEqual(events[1]!.at);
      expect(events[2]).toMatchObject({
        correlation: 'c',
        traceparent: 'tp',
        actor: 'agent:a',
        tenant: 't1',
      });
      expect(head).toEqual({ at: events[2]!.at, hash: events[2]!.hash });
      expect(await store.readStream('t1', 'apiKey/1', 2)).toEqual([events[2]]);
      expect(await store.readAfter(1, 1)).toEqual([events[1]]);
      expect(await store.eventAt(2)).toEqual(events[1]);
    });

    it('keeps the streams of tenants and aggregates apart', async () => {
      await store.append(request());
      await store.append(request({ tenant: 't2' }));
      await store.append(request({ stream: 'apiKey/2' }));
      expect(await store.readStream('t1', 'apiKey/1')).toHaveLength(1);
      expect(await store.readStream('t2', 'apiKey/1')).toHaveLength(1);
      expect((await store.head()).at.position).toBe(3);
    });

    it('refuses an append at another version than expected and changes nothing', async () => {
      await store.append(request({}, ['a', 'b']));
      const wrong = request({ expectedVersion: 1, command: { id: 'k', digest: Buffer.from('d') } });
      await expect(store.append(wrong)).rejects.toBeInstanceOf(VersionConflictError);
      expect((await store.head()).at.position).toBe(2);
      expect(await store.findCommand('t1', 'k')).toBeUndefined();
    });

    it('lets exactly one of many concurrent appends at one version win', async () => {
      const all = await Promise.allSettled(
        Array.from({ length: 20 }, (_, i) => store.append(request({}, [`w${i}`]))),
      );
      expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(await store.readStream('t1', 'apiKey/1')).toHaveLength(1);
    });

    it('remembers a command with its events, and refuses it a second time in the tenant', async () => {
      const command = { id: 'k', digest: new Uint8Array(Buffer.from('digest')) };
      const head = await store.append(request({ command }));
      const remembered = await store.findCommand('t1', 'k');
      expect(remembered).toMatchObject({ stream: 'apiKey/1', version: 1, at: head.at });
      expect(Buffer.from(remembered!.digest)).toEqual(Buffer.from('digest'));
      await expect(store.append(request({ command, stream: 'apiKey/2' }))).rejects.toBeInstanceOf(
        DuplicateCommandError,
      );
      await store.append(request({ command, tenant: 't2' }));
      expect((await store.head()).at.position).toBe(2);
    });

    it('remembers a command without events at the version that it found, and at no other', async () => {
      const head = await store.append(request({}, ['a', 'b']));
      const command = { id: 'k', digest: new Uint8Array(Buffer.from('digest')) };
      for (const expectedVersion of [0, 1, 3])
        await expect(store.append(request({ command, expectedVersion }, []))).rejects.toBeInstanceOf(
          VersionConflictError,
        );
      expect(await store.findCommand('t1', 'k')).toBeUndefined();
      expect(await store.append(request({ command, expectedVersion: 2 }, []))).toEqual(head);
      expect(await store.findCommand('t1', 'k')).toMatchObject({ version: 2, at: head.at });
      await expect(store.append(request({ command, expectedVersion: 2 }, []))).rejects.toBeInstanceOf(
        DuplicateCommandError,
      );
      const never = request({ command: { ...command, id: 'n' }, stream: 'apiKey/2' }, []);
      await store.append(never);
      expect((await store.readAfter(0, 10)).length).toBe(2);
    });

    it('forgets commands after their time', async () => {
      await store.append(request({ command: { id: 'k', digest: Buffer.from('d') } }));
      expect(await store.forgetCommands(0)).toBe(0);
      expect(await store.forgetCommands(Number.MAX_SAFE_INTEGER)).toBe(1);
      expect(await store.findCommand('t1', 'k')).toBeUndefined();
    });

    it('tells listeners of every append until they leave', async () => {
      let calls = 0;
      const leave = store.onAppended(() => calls++);
      await store.append(request());
      leave();
      await store.append(request({ expectedVersion: 1 }));
      expect(calls).toBe(1);
    });

    it('chains the published form of its events', async () => {
      await store.append(request({}, ['a', 'b']));
      await store.append(request({ stream: 'apiKey/2', correlation: 'c' }, ['c']));
      const entries = (await store.readAfter(0, 10)).map((event) => toEnvelope(store.source, event));
      expect(entries.map(({ id }) => id)).toEqual(
        [1, 2, 3].map((position) => eventId(store.source, { epoch: store.epoch, position })),
      );
      expect(verifyChain(entries)).toEqual({ ok: true });
      const forged = entries.with(1, { ...entries[1]!, data: '{"id":"z"}' });
      expect(verifyChain(forged)).toEqual({ ok: false, at: entries[1]!.at });
      expect(verifyChain([entries[0]!, entries[2]!])).toEqual({ ok: false, at: entries[2]!.at });
    });
  });
}
