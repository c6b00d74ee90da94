import { readFileSync } from 'node:fs';
import {
  AgentErased,
  AgentRevoked,
  MessageAccepted,
  MessageFailed,
  type OperationRequest,
  RequestRefused,
  SubjectErased,
  TrailQueried,
} from '@concordat/contracts';
import { openErasureReceipt, verifyConsistency, verifyInclusionBundle } from '@concordat/crypto';
import { agentPrincipal, eventually, newAgent, plainMessage } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { ChainedPublisher, Draft } from '../testing/chained-publisher';
import { LogClient } from '../testing/log-client';
import { placesOf, spellingsOf } from '../testing/stored-text';

jest.setTimeout(60_000);

const [alice, bob, carol] = [newAgent().did, newAgent().did, newAgent().did];
const canary = 'Kanarienvogel-4711';

describe('the erasure of a subject', () => {
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
        ...{ ...plainMessage, from: did, to: newAgent().did, type: 'COMMAND', priority: 'NORMAL' },
        payload: { secret: canary },
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
  const pending = () =>
    audit.rows<{ subject: string }>('SELECT subject FROM erasures WHERE erased_at IS NULL');

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

  describe('that an administrator asked of the trail', () => {
    const reason = 'Grund-0815';
    const failures = `SELECT 1 FROM message_audit_log WHERE error_message LIKE '%${reason}%'`;
    const dave = newAgent().did;
    const vkey = () => readFileSync(audit.vkeyFile, 'utf8');
    const erase = async (subject: string, commandId?: string) =>
      (await audit.caller.call('audit.erase', { subject }, commandId === undefined ? {} : { commandId }))
        .output;
    const erasures = async (input: OperationRequest<'audit.erasures'> = {}) =>
      (await audit.caller.call('audit.erasures', input)).output.items;

    beforeAll(async () => {
      await live(dave);
      const { items } = (await audit.caller.call('audit.messages', { agent: dave })).output;
      const { messageId } = items[0]!;
      const to = newAgent().did;
      await audit.feed('bus.0').append({
        ...{ ...common, spec: MessageFailed },
        data: { messageId, to, from: dave, attempt: 5, error: `cannot read ${reason}` },
      });
      // What it asked itself is about it too, under its name as an actor.
      await audit.caller.call('audit.messages', {}, { principal: agentPrincipal(dave) });
      await isCovered('bus.0', 'audit.feed');
    });

    it('closes it, says so under the key of the log, and leaves the log what it was', async () => {
      const client = new LogClient(audit.caller);
      const before = await client.checkpoint();
      const [ownQuery] = await eventsOf(`agent:${dave}`);
      expect(ownQuery).toMatchObject({ type: TrailQueried.type, data: { results: 1 } });
      expect(await audit.rows(failures)).toHaveLength(1);
      const proofs = await Promise.all((await eventsOf(dave)).map(({ id }) => prove(id)));
      expect(proofs.map(({ disclosure }) => disclosure?.event.includes(canary))).toContain(true);

      const erased = await erase(dave, 'erase-dave');
      const receipt = openErasureReceipt(erased.receipt!, vkey());
      expect(receipt).toMatchObject({
        ...{ subject: dave, tenant: 'default', orderedBy: erased.orderedBy, recoverableUntil: null },
        erasedAt: erased.erasedAt,
      });
      expect(receipt.keys).toHaveLength(2);
      const after = await client.checkpoint();
      expect(receipt.logSize).toBeGreaterThan(before.size);
      const { proof } = (
        await audit.caller.call('audit.consistencyProof', { from: before.size, to: after.size })
      ).output;
      const path = proof.map((hash) => new Uint8Array(Buffer.from(hash, 'base64url')));
      expect(verifyConsistency(before.size, after.size, path, before.root, after.root)).toBe(true);

      const items = await eventsOf(dave);
      const order = items.find(({ type }) => type === SubjectErased.type)!;
      expect(order).toMatchObject({ id: erased.orderedBy, data: { subject: dave } });
      expect(items.filter(({ data }) => data !== null)).toEqual([order]);
      expect((await eventsOf(`agent:${dave}`)).map(({ data }) => data)).toEqual([null]);
      expect(await payloadsOf(dave)).toEqual([null]);
      for (const { eventId, leaf } of proofs) {
        const bundle = await prove(eventId);
        expect(bundle).toMatchObject({ leaf, disclosure: null });
        expect(verifyInclusionBundle(bundle, vkey())).toMatchObject({ ok: true });
      }
    });

    it('is one erasure when it is asked for again with the same key, and is listed with those of iam', async () => {
      const again = await erase(dave, 'erase-dave');
      const [newest, ...others] = await erasures();
      expect(newest).toEqual(again);
      expect(others.map(({ subject, origin }) => [subject, origin])).toEqual(
        expect.arrayContaining([alice, bob, carol].map((did) => [did, 'iam'])),
      );
      for (const { receipt, subject } of others)
        expect(openErasureReceipt(receipt!, vkey())).toMatchObject({ subject });
      expect(await erasures({ subject: carol })).toHaveLength(1);
    });

    it('leaves nothing readable in a dump, in files of the database and of the service', async () => {
      expect(await placesOf(audit, canary)).toEqual([]);
      // Why a message failed stood in a row in clear: the database server forgets its old version in its own time.
      expect(await audit.rows(failures)).toEqual([]);
      // The search would find it, in rows and files, however it is spelled; and it finds what is stored in clear.
      expect(await placesOf(audit, dave)).toEqual(
        expect.arrayContaining(['public.erasures', expect.not.stringContaining('public.')]),
      );
      const [spellings, longer] = [spellingsOf(canary), spellingsOf(`<${canary}>`)];
      for (const text of longer) expect(spellings.some((spelling) => text.includes(spelling))).toBe(true);
      await audit.rows(
        `CREATE TABLE control AS SELECT '${Buffer.from(`<${canary}>`).toString('base64')}' AS kept`,
      );
      const [table, ...files] = await placesOf(audit, canary);
      expect([table, files.length > 0]).toEqual(['public.control', true]);
    });

    it('is of users and API keys too, and says when nothing was sealed', async () => {
      for (const subject of ['user:0199f1c2-7b3a-7c4d-8e5f-000000000001', 'apiKey:00000000000000aa'])
        expect(openErasureReceipt((await erase(subject)).receipt!, vkey())).toMatchObject({
          subject,
          keys: [],
        });
      await expect(erase('everything')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      const asked = audit.caller.call('audit.erase', { subject: dave }, { principal: agentPrincipal(dave) });
      await expect(asked).rejects.toMatchObject({ code: 'POLICY_DENIED' });
    });

    it('is refused under a legal hold; one of iam waits for its end', async () => {
      const [held, gone] = [newAgent().did, newAgent().did];
      await Promise.all([live(held), live(gone)]);
      await audit.rows(`INSERT INTO legal_holds (tenant, id, reason, subject, created_at, created_by)
        VALUES ('default', 'hold-1', 'a case', '${held}', now(), 'apiKey:1')`);
      await expect(erase(held)).rejects.toMatchObject({ code: 'LEGAL_HOLD_ACTIVE' });
      expect((await erase(gone)).receipt).not.toBeNull();
      await iam.publish([erased(held)]);
      await isCovered('iam');
      await isReadable(held);
      const { erasure } = await audit.checks();
      expect(erasure).toEqual({ ok: true, detail: '1 wait for a legal hold to be lifted' });
      await audit.rows("UPDATE legal_holds SET released_at = now() WHERE id = 'hold-1'");
      await audit.restart();
      await eventually(async () => expect(await payloadsOf(held)).toEqual([null]));
    });
  });
});
