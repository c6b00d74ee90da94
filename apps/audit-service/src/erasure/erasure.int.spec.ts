import { readFileSync } from 'node:fs';
import {
  AgentErased,
  AgentRevoked,
  MessageAccepted,
  type OperationRequest,
  RequestRefused,
} from '@concordat/contracts';
import { verifyInclusionBundle } from '@concordat/crypto';
import { newAgent } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { ChainedPublisher, Draft } from '../testing/chained-publisher';

jest.setTimeout(60_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
const canary = 'Kanarienvogel-4711';

describe('the erasure of an agent', () => {
  let audit: AuditBench;
  let iam: ChainedPublisher;
  let counter = 0;

  beforeAll(async () => {
    audit = await startAuditBench();
    iam = audit.publisher('iam');
    for (const did of [alice, bob, carol]) await live(did);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => audit.stop());

  const common = { tenant: 'default', actor: 'apiKey:1', correlation: null, traceparent: null };
  const isCovered = async (...sources: string[]): Promise<void> => {
    const heads = sources.map(async (name) => [name, (await audit.log.head(name))!.at] as const);
    const minPosition = Object.fromEntries(await Promise.all(heads));
    await audit.caller.call('audit.key', {}, { minPosition });
  };
  const erased = (did: string): Draft => ({ type: AgentErased.type, subject: did, data: { did } });
  /** An agent is revoked and has sent a message. */
  const live = async (did: string): Promise<void> => {
    await iam.publish([{ type: AgentRevoked.type, subject: did, data: { did, reason: canary } }]);
    await audit.feed('bus.0').append({
      ...{ ...common, spec: MessageAccepted },
      data: {
        messageId: `msg-1-0-0199f1c2-7b3a-7c4d-8e5f-${String(++counter).padStart(12, '0')}`,
        ...{ from: did, to: newAgent().did, type: 'COMMAND', priority: 'NORMAL', correlationId: null },
        ...{ replyTo: null, ttlSeconds: null, payload: { secret: canary } },
      },
    });
    await isCovered('iam', 'bus.0');
  };
  const eventsOf = async (subject: string, over: OperationRequest<'audit.events'> = {}) =>
    (await audit.caller.call('audit.events', { subject, ...over })).output.items;
  const payloadsOf = async (agent: string) =>
    (await audit.caller.call('audit.messages', { agent })).output.items.map(({ payload }) => payload);
  const prove = async (eventId: string) =>
    (await audit.caller.call('audit.inclusionProof', { eventId })).output;
  const isReadable = async (did: string): Promise<void> => {
    const types = (await eventsOf(did)).map(({ type, data }) => [type, data !== null]);
    expect(types).toEqual(
      expect.arrayContaining([
        [MessageAccepted.type, true],
        [AgentRevoked.type, true],
      ]),
    );
    expect(await payloadsOf(did)).toEqual([{ secret: canary }]);
  };
  /** Nothing can be read but that the agent was erased; everything can be proven. */
  const isForgotten = async (did: string): Promise<void> => {
    expect(await payloadsOf(did)).toEqual([null]);
    const items = await eventsOf(did);
    expect(items.map(({ type, data }) => [type, data])).toEqual([
      [AgentErased.type, { did }],
      [MessageAccepted.type, null],
      [AgentRevoked.type, null],
    ]);
    const vkey = readFileSync(audit.vkeyFile, 'utf8');
    for (const { id, type } of items) {
      const bundle = await prove(id);
      expect(verifyInclusionBundle(bundle, vkey)).toMatchObject({ ok: true });
      if (type !== AgentErased.type) expect(bundle.disclosure).toBeNull();
      else expect(bundle.disclosure!.event).toContain(did);
    }
  };
  const pending = () => audit.rows<{ subject: string }>('SELECT subject FROM pending_erasures');

  it('closes all events about it and payloads of it, once the erasure is covered; proofs still verify', async () => {
    await isReadable(alice);
    const before = await Promise.all((await eventsOf(alice)).map(({ id }) => prove(id)));
    await iam.publish([erased(alice)]);
    await isCovered('iam');
    await isForgotten(alice);
    for (const { eventId, leaf } of before) expect(await prove(eventId)).toMatchObject({ leaf });
    expect(await pending()).toEqual([]);
    await isReadable(bob);
  });

  it('leaves what is told of it later readable, also after the next start', async () => {
    await audit.feed('bus.feed').append({
      ...{ ...common, spec: RequestRefused },
      data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller: alice, count: 1 },
    });
    await isCovered('bus.feed');
    for (const start of [async () => undefined, () => audit.restart()]) {
      await start();
      const [later, ...earlier] = await eventsOf(alice);
      expect(later).toMatchObject({ type: RequestRefused.type, data: { caller: alice } });
      expect(earlier.filter(({ data }) => data !== null)).toMatchObject([{ type: AgentErased.type }]);
    }
  });

  it('is not what somebody says who only reached Redis', async () => {
    await audit.feed('iam.feed').append({ ...common, spec: AgentErased, data: { did: bob } });
    await isCovered('iam.feed');
    await isReadable(bob);
  });

  it('is carried out at the next start when the service stopped between commit and destruction', async () => {
    jest.spyOn(audit.keystore(), 'destroy').mockRejectedValue(new Error('the process ends here'));
    await iam.publish([erased(carol)]);
    await isCovered('iam');
    await isReadable(carol);
    expect(await pending()).toEqual([{ subject: carol }]);
    expect((await audit.checks())['erasure']).toMatchObject({ ok: false });
    await audit.restart();
    await isForgotten(carol);
    expect(await pending()).toEqual([]);
    expect((await audit.checks())['erasure']).toMatchObject({ ok: true });
  });

  it('is tried again without a start when the keystore was busy', async () => {
    const keystore = audit.keystore();
    const destroy = keystore.destroy.bind(keystore);
    const again = new Promise<void>((resolve, reject) => {
      jest
        .spyOn(keystore, 'destroy')
        .mockRejectedValueOnce(new Error('busy'))
        .mockImplementationOnce(async (tenant, path) => {
          const count = await destroy(tenant, path).finally(resolve).catch(reject);
          return count ?? 0;
        });
    });
    await iam.publish([erased(bob)]);
    await again;
    expect(await payloadsOf(bob)).toEqual([null]);
  });
});
