import { startTelemetry } from '@concordat/runtime';
import { eventually } from '@concordat/testing';
import { Metadata } from '@grpc/grpc-js';
import { InMemorySpanExporter, type ReadableSpan } from '@opentelemetry/sdk-trace-node';
import { type BothDoors, sendRaw, startBothDoors } from '../door.fixture';
import { requestBytes, shapeOf } from '../grpc.fixture';

const exporter = new InMemorySpanExporter();
const endTelemetry = startTelemetry({
  ...{ serviceName: 'bus', instance: 'bus-1', endpoint: undefined, sampleRatio: 1, exporter },
});

const [trace, other] = ['12345678901234567890123456789012', '12345678901234567890123456789011'];
const parent = '1234567890123456';
type Header = readonly [name: string, value: string];
const well: Header = ['traceparent', `00-${trace}-${parent}-01`];

interface Door {
  readonly name: string;
  /** Asks for the delegations of an agent, with these headers, in a call of its own. @returns `traceparent` of the answer */
  ask(headers: readonly Header[]): Promise<string>;
}

describe('the trace of a request', () => {
  let doors: BothDoors;
  beforeAll(async () => (doors = await startBothDoors()));
  afterAll(async () => {
    await doors.stop();
    await endTelemetry();
  });

  const doorsOf: Door[] = [
    {
      name: 'GET /v1/delegations',
      ask: async (headers) => {
        const lines = [
          ['host', 'x'],
          ['connection', 'close'],
          ['authorization', doors.authorization.agent],
          ...headers,
        ].map(([name, value]) => `${name}: ${value}\r\n`);
        const answer = await sendRaw(
          doors.gateway.url,
          `GET /v1/delegations HTTP/1.1\r\n${lines.join('')}\r\n`,
        );
        return answer!.headers.get('traceparent')!;
      },
    },
    {
      name: 'concordat.v1.IdentityService/ListDelegations',
      ask: (headers) => {
        const metadata = new Metadata();
        metadata.set('authorization', doors.authorization.agent);
        for (const [name, value] of headers) metadata.add(name, value);
        const method = 'IdentityService/ListDelegations';
        const { path, responseDeserialize } = shapeOf(method);
        const bytes = requestBytes(method, {});
        const same = (buffer: Buffer): Buffer => buffer;
        return new Promise((resolve) => {
          const call = doors.grpc.client.makeUnaryRequest(
            path,
            same,
            responseDeserialize,
            bytes,
            metadata,
            () => undefined,
          );
          call.on('status', (end) => resolve(String(end.metadata.get('traceparent')[0])));
        });
      },
    },
  ];

  /** The span that the door answered with, once it has ended. */
  const spanOf = (name: string, traceparent: string): Promise<ReadableSpan> =>
    eventually(() => {
      const [, traceId, spanId] = traceparent.split('-');
      const found = exporter
        .getFinishedSpans()
        .find((span) => span.spanContext().spanId === spanId && span.spanContext().traceId === traceId);
      expect(found?.name).toBe(name);
      return found!;
    });

  describe.each(doorsOf)('$name', ({ name, ask }) => {
    it('that belongs to a trace / is the child of the span of the caller, with what came along, to the service behind', async () => {
      const answered = await ask([well, ['tracestate', 'foo=1,bar=2'], ['tracestate', 'baz=3']]);
      const span = await spanOf(name, answered);
      expect(span.spanContext().traceId).toBe(trace);
      expect(span.parentSpanContext).toMatchObject({ traceId: trace, spanId: parent, isRemote: true });
      const { traceparent, tracestate } = doors.iam.asked.at(-1)!;
      expect([traceparent!.slice(0, 36), tracestate]).toEqual([`00-${trace}-`, 'foo=1,bar=2,baz=3']);
      const send = await spanOf('send delegation.list', traceparent!);
      expect(send.parentSpanContext!.spanId).toBe(span.spanContext().spanId);
      expect(send.spanContext().traceState!.serialize()).toBe('foo=1,bar=2,baz=3');
    });

    it('of a later version of the specification / belongs to the trace too, and goes on in the version that is known', async () => {
      const answered = await ask([['traceparent', `cc-${trace}-${parent}-03-what-the-future-will-be-like`]]);
      expect(answered).toMatch(new RegExp(`^00-${trace}-[0-9a-f]{16}-03$`));
      expect((await spanOf(name, answered)).parentSpanContext).toMatchObject({ spanId: parent });
    });

    it.each<[string, ...Header[]]>([
      ['none'],
      ['of the version ff', ['traceparent', `ff-${trace}-${parent}-01`]],
      ['in upper case', ['traceparent', `00-${'ABCD'.repeat(8)}-${parent}-01`]],
      ['of zeros', ['traceparent', `00-${'0'.repeat(32)}-${parent}-01`]],
      ['with a parent of zeros', ['traceparent', `00-${trace}-${'0'.repeat(16)}-01`]],
      ['that is too long', ['traceparent', `${well[1]}-more`]],
      ['that is too short', ['traceparent', well[1].slice(1)]],
      ['twice', well, ['traceparent', `00-${other}-${parent}-01`]],
      ['twice the same', well, well],
      [
        'twice, of a later version',
        ['traceparent', `cc-${trace}-${parent}-01-x`],
        ['traceparent', `cc-${trace}-${parent}-01-x`],
      ],
      ['of 8 KiB', ['traceparent', `00-${'1'.repeat(8_192)}`]],
    ])('with a traceparent %s / begins a trace, and nothing comes along', async (_what, ...headers) => {
      const answered = await ask([...headers, ['tracestate', 'foo=1']]);
      const span = await spanOf(name, answered);
      expect([trace, other]).not.toContain(span.spanContext().traceId);
      expect([span.parentSpanContext, span.spanContext().traceState]).toEqual([undefined, undefined]);
      expect(doors.iam.asked.at(-1)!.tracestate).toBeUndefined();
    });

    it.each([
      ['with too many members', Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(',')],
      ['with a malformed member', 'foo=1,BAR=2'],
      ['with a key that is too long', `${'z'.repeat(257)}=1`],
    ])('with a tracestate %s / belongs to the trace without it', async (_what, tracestate) => {
      const span = await spanOf(name, await ask([well, ['tracestate', tracestate]]));
      expect(span.parentSpanContext).toMatchObject({ traceId: trace, spanId: parent });
      expect(span.spanContext().traceState).toBeUndefined();
    });

    it('with a key of tracestate twice / passes the first along', async () => {
      await ask([well, ['tracestate', 'foo=1,bar=2,foo=3']]);
      expect(doors.iam.asked.at(-1)!.tracestate).toBe('foo=1,bar=2');
    });
  });
});
