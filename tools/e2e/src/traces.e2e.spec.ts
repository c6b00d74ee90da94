import { randomBytes } from 'node:crypto';
import { eventually, type TestAgent } from '@concordat/testing';
import { OtlpReceiver, type ReceivedSpan } from './otlp-receiver';
import { System } from './system';

const [server, client, producer, consumer] = [2, 3, 4, 5];

describe('a trace', () => {
  let receiver: OtlpReceiver;
  let system: System;
  let ada: TestAgent;
  let bob: TestAgent;

  beforeAll(async () => {
    receiver = await OtlpReceiver.start();
    system = await System.start({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
    [ada, bob] = [await system.registered('Ada'), await system.registered('Bob', 1)];
  });
  afterAll(async () => {
    await system.stop();
    await receiver.stop();
  });

  /** A caller's own trace, to be gone on with. */
  const begin = () => {
    const [traceId, spanId] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
    return { traceId, spanId, traceparent: `00-${traceId}-${spanId}-01` };
  };
  const spansOf = (traceId: string, isComplete: (spans: ReceivedSpan[]) => void): Promise<ReceivedSpan[]> =>
    eventually(() => {
      const spans = receiver.ofTrace(traceId);
      isComplete(spans);
      return spans;
    });
  const find = (spans: readonly ReceivedSpan[], service: string, name: string): ReceivedSpan => {
    const found = spans.find((span) => span.service === service && span.name === name);
    if (!found)
      throw new Error(
        `${service} sent no span "${name}"; there are: ${spans.map((s) => `${s.service}: ${s.name}`).join(', ')}`,
      );
    return found;
  };

  it('covers gateway, stream, service, store and reply, each the child of the one before', async () => {
    const { traceId, spanId, traceparent } = begin();
    await system.client(ada).vault().put({ key: 'k', content: 1 }, { traceparent });
    const hops = (spans: readonly ReceivedSpan[]) => ({
      edge: find(spans, 'bus-gateway', 'PUT /v1/vault/:persona/memories/:key'),
      send: find(spans, 'bus-gateway', 'send memory.put'),
      process: find(spans, 'vault-service', 'process memory.put'),
      append: find(spans, 'vault-service', 'append events'),
      reply: find(spans, 'vault-service', 'reply memory.put'),
    });
    const { edge, send, process, append, reply } = hops(await spansOf(traceId, hops));
    expect([edge.kind, send.kind, process.kind, append.kind, reply.kind]).toEqual([
      server,
      producer,
      consumer,
      client,
      producer,
    ]);
    expect(edge.parentSpanId).toBe(spanId);
    expect(send.parentSpanId).toBe(edge.spanId);
    expect(process.parentSpanId).toBe(send.spanId);
    expect(append.parentSpanId).toBe(process.spanId);
    expect(reply.parentSpanId).toBe(send.spanId);
  });

  it('shows spans of all four services for one conversation, and audit links to it', async () => {
    const { traceId, traceparent } = begin();
    const [asAda, asBob] = [system.client(ada, 0), system.client(bob, 1)];
    await asAda.agents.get({ did: bob.did }, { traceparent });
    await asAda.vault().put({ key: 'k2', content: 1 }, { traceparent });
    const { id } = await asAda.messages.send({ to: bob.did, type: 'QUERY', payload: 1 }, { traceparent });
    const { items } = await asBob.inbox.fetch({ waitSeconds: 10 }, { traceparent });
    expect(items.map((item) => item.id)).toContain(id);
    expect(items[0]!.traceparent).toContain(traceId);
    await asBob.inbox.ack({ tokens: items.map(({ deliveryToken }) => deliveryToken) }, { traceparent });
    await asAda.audit.messages({}, { traceparent });

    const services = ['audit-service', 'bus-gateway', 'iam-service', 'vault-service'];
    // Each service sends its spans when it likes: the parent may come after the child.
    const spans = await spansOf(traceId, (all) => {
      expect([...new Set(all.map(({ service }) => service))].sort()).toEqual(services);
      const ids = new Set(all.map((span) => span.spanId));
      const orphans = all.filter(
        ({ parentSpanId, name }) => !ids.has(parentSpanId) && !/^(GET|POST|PUT) /.test(name),
      );
      expect(orphans.map(({ name }) => name)).toEqual([]);
    });
    expect(find(spans, 'bus-gateway', 'send message').kind).toBe(producer);
    await eventually(() => {
      const batches = receiver.spans.filter(
        ({ service, links }) => service === 'audit-service' && links.some((link) => link.traceId === traceId),
      );
      expect(batches[0]).toMatchObject({ name: 'process audit.ingest', kind: consumer });
    });
  });

  it('has the id that a refusal names', async () => {
    const error = (await system
      .client(ada)
      .agents.revoke({ did: bob.did })
      .catch((thrown: unknown) => thrown)) as { traceId: string };
    const edge = (spans: readonly ReceivedSpan[]) =>
      find(spans, 'bus-gateway', 'POST /v1/agents/:did/revoke');
    expect(edge(await spansOf(error.traceId, edge)).attributes).toMatchObject({
      'error.type': 'POLICY_DENIED',
      'http.response.status_code': expect.anything() as unknown,
    });
  });

  it('begins anew when a caller sends a malformed traceparent', async () => {
    const before = receiver.spans.length;
    for (const traceparent of [
      'nonsense',
      `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01`,
      `ff-${'1'.repeat(32)}-${'1'.repeat(16)}-01`,
    ]) {
      const response = await fetch(`${system.url()}/v1/agents`, { headers: { traceparent } });
      expect(response.headers.get('traceparent')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
    }
    await eventually(() => expect(receiver.spans.length).toBeGreaterThan(before));
  });
});

describe('without an endpoint', () => {
  it('nothing is exported', async () => {
    const receiver = await OtlpReceiver.start();
    const system = await System.start();
    await system.registered();
    await system.stop(); // an exporter would send what is left now
    expect(receiver.bodies).toEqual([]);
    await receiver.stop();
  });
});
