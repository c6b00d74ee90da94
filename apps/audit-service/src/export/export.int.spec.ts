import { readFileSync } from 'node:fs';
import { type ExportManifest, type ExportVerdict, verifyExport } from '@concordat/audit-export';
import {
  AgentErased,
  AgentRevoked,
  type ChunkedName,
  exportFormat,
  MessageAccepted,
  type OperationOutput,
  type OperationRequest,
  type Principal,
  TrailOpened,
  TrailQueried,
} from '@concordat/contracts';
import type { Chunk } from '@concordat/runtime';
import { administrator, agentPrincipal, eventually, newAgent, plainMessage } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { ChainedPublisher } from '../testing/chained-publisher';

jest.setTimeout(60_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
const canary = 'Kanarienvogel-4711';
const message = (n: number): string => `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(n).padStart(12, '0')}`;

describe('the trail as it leaves', () => {
  let audit: AuditBench;
  let iam: ChainedPublisher;
  let vkey: string;

  beforeAll(async () => {
    audit = await startAuditBench();
    // The tables are made while it starts, which takes as long as it takes.
    await eventually(() => audit.caller.call('audit.key', {}), 30_000);
    vkey = readFileSync(audit.vkeyFile, 'utf8');
    iam = audit.publisher('iam');
    for (const [n, from, to, tenant] of [
      [1, alice, bob, 'default'],
      [2, bob, carol, 'default'],
      [3, alice, bob, 'acme'],
      [4, carol, alice, 'default'],
    ] as const)
      await audit.feed('bus.0').append({
        ...{ spec: MessageAccepted, tenant, actor: `agent:${from}`, correlation: 'talk', traceparent: null },
        data: {
          ...{ ...plainMessage, messageId: message(n), from, to, type: 'COMMAND', priority: 'NORMAL' },
          payload: { secret: canary, n },
        },
      });
    await revoke(alice, 300);
    await revoke(bob, 1);
    await iam.publish([{ type: AgentErased.type, subject: bob, data: { did: bob } }]);
    await isCovered();
  });
  afterAll(() => audit.stop());

  const isCovered = async (): Promise<void> => {
    const heads = ['iam', 'bus.0'].map(async (name) => [name, (await audit.log.head(name))!.at] as const);
    const minPosition = Object.fromEntries(await Promise.all(heads));
    await audit.caller.call('audit.key', {}, { minPosition });
  };
  const revoke = (did: string, times: number) =>
    iam.publish(
      Array.from({ length: times }, () => ({
        type: AgentRevoked.type,
        subject: did,
        data: { did, reason: canary },
      })),
    );
  /** The stream as the gateway reads it. */
  async function* stream<N extends ChunkedName>(
    name: N,
    input: OperationRequest<N>,
    principal: Principal = administrator(),
  ): AsyncGenerator<OperationOutput<N>> {
    let place: string | null = null;
    do {
      const chunk: Chunk<OperationOutput<N>> = await audit.caller.chunk(name, input, place, { principal });
      yield* chunk.items;
      place = chunk.next;
    } while (place !== null);
  }
  const exported = async (
    input: OperationRequest<'audit.export'> = {},
    principal?: Principal,
  ): Promise<string> => {
    let file = '';
    for await (const { lines } of stream('audit.export', input, principal)) file += lines;
    return file;
  };
  const about = async (subject: string, principal?: Principal): Promise<string> => {
    let file = '';
    for await (const { lines } of stream('audit.subjectExport', { subject }, principal)) file += lines;
    return file;
  };
  const verify = (file: string, checkpoint?: string): Promise<ExportVerdict> =>
    verifyExport(one(file), { vkey, checkpoint });
  async function* one(file: string) {
    yield Buffer.from(file);
  }
  const proven = async (file: string): Promise<ExportManifest> => {
    const verdict = await verify(file);
    if (!verdict.ok) throw new Error(`line ${verdict.line}: ${verdict.reason}`);
    return verdict.manifest;
  };
  const linesOf = (file: string) =>
    file
      .split('\n')
      .slice(0, -1)
      .map(
        (line) =>
          JSON.parse(line) as {
            event?: { id: string; type: string; data: string } | null;
            message?: { messageId: string; payload: unknown };
          },
      );
  /** Openings that are in the trail when what came before this is. */
  const opened = async () => {
    const head = (await audit.log.head('audit.feed'))!.at;
    const input = { type: TrailOpened.type, limit: 500 };
    return (await audit.caller.call('audit.events', input, { minPosition: { 'audit.feed': head } })).output
      .items;
  };
  const checkpoint = async (): Promise<string> =>
    Buffer.from((await audit.caller.call('audit.checkpoint', {})).output.body, 'base64url').toString();

  it.each(exportFormat.options)(
    'proves itself as %s, with what is closed and without what is foreign',
    async (format) => {
      const file = await exported({ format });
      const manifest = await proven(file);
      expect(manifest).toMatchObject({ format, tenant: 'default', first: 0, messages: 0 });
      expect(manifest.count).toBeGreaterThan(300);
      expect(file.split('\n')).toHaveLength(manifest.count + 2);
      const [before, after] = [file.slice(0, file.length / 2), file.slice(file.length / 2)];
      expect(await verify(before + after.replace(canary, `${canary}x`))).toMatchObject({ ok: false });
    },
  );

  it('holds what the filter says, which the manifest says too', async () => {
    const manifest = await proven(await exported({ subject: alice, type: AgentRevoked.type }));
    expect(manifest).toMatchObject({ count: 300, filter: { subject: alice, type: AgentRevoked.type } });
    expect(await proven(await exported({ to: '2020-01-01T00:00:00Z' }))).toMatchObject({
      count: 0,
      first: null,
    });
  });

  it('holds for an agent what concerns it, and nothing of another tenant', async () => {
    const file = await exported({}, agentPrincipal(carol));
    expect(await proven(file)).toMatchObject({ count: 1, reader: `agent:${carol}` });
    expect(file).not.toContain(alice.slice(-20) + '","type":"concordat.iam');
    expect(await proven(await exported({}, { ...administrator(), tenant: 'acme' }))).toMatchObject({
      count: 1,
    });
  });

  it('is proven to continue an older checkpoint', async () => {
    const older = await checkpoint();
    const since = Number(older.split('\n')[1]);
    await revoke(carol, 3);
    await isCovered();
    expect(await verify(await exported({ subject: carol, since }), older)).toMatchObject({ ok: true });
    expect(await verify(await exported({ subject: carol }), older)).toMatchObject({ ok: false });
    const tooLarge = audit.caller.chunk('audit.export', { since: 1_000_000 }, null);
    await expect(tooLarge).rejects.toMatchObject({ code: 'TREE_SIZE_INVALID' });
  });

  it('goes on only from a place that was given to the same caller for the same question', async () => {
    const { next } = await audit.caller.chunk('audit.export', {}, null);
    const refused = { code: 'INPUT_INVALID' };
    const again = (...[input, place, options]: [object, string, object?]) =>
      audit.caller.chunk('audit.export', input, place, options);
    await expect(again({}, next!)).resolves.toMatchObject({ items: [{}] });
    await expect(again({ type: 'x' }, next!)).rejects.toMatchObject(refused);
    await expect(again({}, next!, { principal: agentPrincipal(alice) })).rejects.toMatchObject(refused);
    await expect(again({}, `${next!}A`)).rejects.toMatchObject(refused);
    await expect(again({}, `x.${next!.split('.')[1]}`)).rejects.toMatchObject(refused);
  });

  it('goes on in another process, and at the size at which it began', async () => {
    const first = await audit.caller.chunk('audit.export', {}, null);
    await revoke(carol, 1);
    await isCovered();
    await audit.restart();
    await eventually(() => audit.caller.call('audit.checkpoint', {}), 30_000);
    let [file, place] = [first.items[0]!.lines, first.next];
    while (place !== null) {
      const chunk = await audit.caller.chunk('audit.export', {}, place);
      file += chunk.items.map(({ lines }) => lines).join('');
      place = chunk.next;
    }
    const { last } = await proven(file);
    expect(last).toBeLessThan((await proven(await exported())).last!);
  });

  it('of one subject / brings what is about it and by it, and its messages', async () => {
    const file = await about(carol);
    expect(await proven(file)).toMatchObject({ subject: carol, messages: 2 });
    const lines = linesOf(file);
    expect(lines.filter(({ message }) => message).map(({ message }) => message!.messageId)).toEqual([
      ...[message(2), message(4)],
    ]);
    // What one sent who is erased is closed.
    expect(lines.flatMap(({ message }) => (message ? [message.payload] : []))).toEqual([
      ...[null, { secret: canary, n: 4 }],
    ]);
    const types = lines.flatMap(({ event }) => (event ? [event.type] : []));
    expect(types).toEqual(expect.arrayContaining([AgentRevoked.type, MessageAccepted.type]));
  });

  it('of one subject / is for itself and for who reads the trail, and tells it who asked', async () => {
    expect(await proven(await about(carol, agentPrincipal(carol)))).toMatchObject({ messages: 2 });
    const other = audit.caller.chunk('audit.subjectExport', { subject: alice }, null, {
      principal: agentPrincipal(carol),
    });
    await expect(other).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    await proven(await about(carol));
    await expect(opened()).resolves.toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          subject: carol,
          data: expect.objectContaining({ about: carol }) as object,
        }),
      ]),
    );
  });

  it('is on record once, however many pieces it has', async () => {
    const before = await opened();
    await exported({ format: 'cef' });
    expect(await opened()).toHaveLength(before.length + 1);
  });

  describe('as it grows', () => {
    it('brings what comes, in order, each once, also to who comes back', async () => {
      const input = { subject: alice };
      const first = await audit.caller.chunk('audit.stream', input, null);
      expect(first.items).toEqual([]);
      await revoke(alice, 250);
      await isCovered();
      const seen: number[] = [];
      let place = first.next;
      while (seen.length < 150) {
        const chunk = await audit.caller.chunk('audit.stream', input, place);
        seen.push(...chunk.items.map(({ logIndex }) => logIndex));
        place = chunk.next;
      }
      for await (const { logIndex, data } of stream('audit.stream', {
        ...input,
        lastEventId: seen.at(-1)!,
      })) {
        expect(data).toEqual({ did: alice, reason: canary });
        if (seen.push(logIndex) === 250) break;
      }
      const all = linesOf(await exported(input)).flatMap(({ event }) => (event ? [event.id] : []));
      expect(new Set(seen).size).toBe(250);
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(all.length).toBeGreaterThanOrEqual(550);
    });

    it('answers a wait as soon as there is something, and shows its own opening and no poll', async () => {
      const input = { type: TrailOpened.type };
      await opened();
      const { items, next } = await audit.caller.chunk('audit.stream', input, null);
      expect(items).toEqual([]);
      let own = await audit.caller.chunk('audit.stream', input, next);
      // A wait ends after a second, also on a machine that is busy with something else.
      for (let waits = 0; own.items.length === 0 && waits < 20; waits++)
        own = await audit.caller.chunk('audit.stream', input, own.next);
      expect(own.items).toMatchObject([{ data: { operation: 'audit.stream' } }]);
      expect((await audit.caller.chunk('audit.stream', input, own.next)).items).toEqual([]);
      const queries = await audit.caller.call('audit.events', { type: TrailQueried.type, limit: 500 });
      const polled = queries.output.items.filter(
        ({ data }) => (data as { operation: string }).operation === 'audit.stream',
      );
      expect(polled).toEqual([]);
    });

    it('begins at the end for who was further than the log is', async () => {
      const { items } = await audit.caller.chunk('audit.stream', { lastEventId: 10_000_000 }, null);
      expect(items).toEqual([]);
    });
  });
});
