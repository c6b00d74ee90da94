import { generateEd25519 } from '@concordat/crypto';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { Concordat } from './concordat';
import { type FakeGateway, me, ok, silence, startGateway } from './gateway.fixture';
import type { ConcordatOptions } from './options';

const apiKey = 'cck_test';
const { secretKey } = generateEd25519();
const whoami = ok(me('x'));
const sent = { id: 'msg-1-0-01890a5d-ac96-774b-bcce-b302099a8057', status: 'PENDING', durability: 'none' };
const message = { to: `did:key:z6Mk${'x'.repeat(44)}`, type: 'QUERY', payload: 1 } as const;

let gateway: FakeGateway;
beforeEach(async () => {
  gateway = await startGateway(silence);
});
afterEach(() => gateway.close());

const client = (over: Partial<ConcordatOptions> = {}): Concordat =>
  new Concordat({ url: gateway.url, credential: { apiKey }, ...over });

describe('positions', () => {
  it('that were seen are asked for from then on', async () => {
    gateway.respond(
      ok(sent, { 'concordat-position': 'bus.1:4-2' }),
      ok(sent, { 'concordat-position': 'iam:1-1' }),
      ok(sent),
    );
    const one = client();
    await one.messages.send(message);
    await one.messages.send(message);
    await one.messages.send(message, { minPosition: { vault: { epoch: 9, position: 9 } } });
    const asked = gateway.seen.map(({ headers }) => headers['concordat-min-position']);
    expect(asked).toEqual([undefined, 'bus.1:4-2', 'bus.1:4-2,iam:1-1,vault:9-9']);
    expect(one.positions).toEqual({ 'bus.1': { epoch: 4, position: 2 }, iam: { epoch: 1, position: 1 } });
  });

  it('are neither kept nor sent when the client does not want it', async () => {
    gateway.respond(ok(sent, { 'concordat-position': 'bus.1:4-2' }));
    const one = client({ readYourWrites: false });
    await one.messages.send(message);
    await one.messages.send(message);
    expect(gateway.seen[1]!.headers['concordat-min-position']).toBeUndefined();
    expect(one.positions).toEqual({});
  });

  it('that are malformed are ignored', async () => {
    gateway.respond(ok(sent, { 'concordat-position': 'bus.1:4-2, nonsense' }));
    expect((await client().callWithMeta('message.send', message)).positions).toEqual({});
  });
});

describe('the trace', () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const header = (): unknown => gateway.seen.at(-1)!.headers.traceparent;
  beforeEach(() => gateway.respond(whoami));

  it('is the one the caller names, or that of the active span, or none', async () => {
    await client().whoami();
    expect(header()).toBeUndefined();
    await client().whoami({ traceparent });
    expect(header()).toBe(traceparent);
    const span = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16), traceFlags: 1 };
    const active = trace.setSpanContext(ROOT_CONTEXT, span);
    jest.spyOn(context, 'active').mockReturnValue(active);
    await client().whoami();
    jest.restoreAllMocks();
    expect(header()).toBe(`00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`);
  });

  it('has a conversation beside it when the caller names one', async () => {
    await client().whoami({ correlationId: 'conversation-1' });
    expect(gateway.seen[0]!.headers['concordat-correlation-id']).toBe('conversation-1');
  });
});

describe('the groups', () => {
  it('call their operations, with what is bound', async () => {
    const agent = client({ credential: { secretKey } });
    const calls: unknown[] = [];
    jest
      .spyOn(agent, 'call')
      .mockImplementation(async (...args: unknown[]) => void calls.push(args) as never);
    const options = { signal: new AbortController().signal };
    await agent.agents.list();
    await agent.agents.get({ did: message.to }, options);
    await agent.vault().put({ key: 'k', content: 1 });
    await agent.vault('communal').get({ key: 'k' });
    await agent.audit.events({ limit: 1 });
    expect(calls).toEqual([
      ['agent.list', {}, undefined],
      ['agent.get', { did: message.to }, options],
      ['memory.put', { key: 'k', content: 1, persona: agent.did }, undefined],
      ['memory.get', { key: 'k', persona: 'communal' }, undefined],
      ['audit.events', { limit: 1 }, undefined],
    ]);
    // @ts-expect-error what an operation needs is not left out
    await agent.agents.get();
    // @ts-expect-error what is bound is not given again
    await agent.vault().get({ key: 'k', persona: 'communal' });
  });

  it('name the persona where there is no agent', () => {
    expect(() => client().vault()).toThrow('must name the persona');
    expect(client().did).toBeUndefined();
    expect(() => client().login()).toThrow('Only an agent');
  });
});
