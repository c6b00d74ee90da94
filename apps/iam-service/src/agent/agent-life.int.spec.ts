import type { OperationOutput } from '@concordat/contracts';
import { fromBase64url, keyId } from '@concordat/crypto';
import {
  agentPrincipal,
  administrator,
  type Bench,
  type Caller,
  newAgent,
  redemption,
  rotation,
  startBench,
  startCaller,
  type TestAgent,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';

type Identity = OperationOutput<'agent.get'>;

describe('agents between registration and end', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;

  beforeAll(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
  });
  afterAll(async () => {
    await caller.stop();
    await app.close();
    await bench.stop();
  });

  const register = async (agent = newAgent(), over: object = {}, options: object = {}): Promise<Identity> => {
    const input = { name: 'Ada', type: 'CLAUDE', publicKey: agent.publicKeyText, ...over };
    return (await caller.call('agent.register', input, options)).output;
  };
  const managed = (agent = newAgent(), over: object = {}, options: object = {}): Promise<Identity> =>
    register(agent, { didMethod: 'web', ...over }, options);
  const as = (did: string) => ({ principal: agentPrincipal(did) });
  const get = async (did: string): Promise<Identity> => (await caller.call('agent.get', { did })).output;
  const handshake = (did: string, agent: TestAgent): Promise<unknown> =>
    caller.call('handshake.redeem', redemption({ ...agent, did }));

  describe('an update', () => {
    it('changes what is named, in the list too, and says the version', async () => {
      const { did } = await register();
      const input = { did, name: 'Countess', metadata: { a: 1 }, ifMatch: '"1"' };
      const { output } = await caller.call('agent.update', input);
      expect(output).toMatchObject({ name: 'Countess', metadata: { a: 1 }, version: 2, type: 'CLAUDE' });
      expect((await caller.call('agent.list', { name: 'Countess' })).output.items).toEqual([output]);
      await expect(caller.call('agent.update', { ...input, name: 'x' })).rejects.toMatchObject({
        code: 'PRECONDITION_FAILED',
      });
      await expect(caller.call('agent.update', { did })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });

    it('is answered to a repetition as it was, whatever has happened since', async () => {
      const { did } = await register();
      const input = { did, name: 'First' };
      const first = await caller.call('agent.update', input, { commandId: 'u1' });
      await caller.call('agent.update', { did, name: 'Second' });
      expect(await caller.call('agent.update', input, { commandId: 'u1' })).toEqual(first);
      expect((await get(did)).name).toBe('Second');
    });

    it('is for the agent and its controller, type and controller for administrators', async () => {
      const boss = await register();
      const stranger = await register();
      const { did } = await register(newAgent(), { controllerDid: boss.did });
      for (const [who, name] of [
        [did, 'By itself'],
        [boss.did, 'By its boss'],
      ] as const)
        expect((await caller.call('agent.update', { did, name }, as(who))).output.name).toBe(name);
      const refusals = [
        caller.call('agent.update', { did, type: 'SERVICE' }, as(did)),
        caller.call('agent.update', { did, controllerDid: null }, as(boss.did)),
        caller.call('agent.update', { did, removeController: true }, as(did)),
        caller.call('agent.update', { did, relationshipType: 'friend' }, as(did)),
      ];
      const byStranger = caller.call('agent.update', { did, name: 'x' }, as(stranger.did));
      await expect(byStranger).rejects.toMatchObject({ code: 'POLICY_DENIED' });
      for (const refusal of refusals) await expect(refusal).rejects.toMatchObject({ code: 'SCOPE_MISSING' });
      expect(await get(did)).toMatchObject({ controllerDid: boss.did, type: 'CLAUDE' });
      const { output } = await caller.call('agent.update', { did, removeController: true });
      expect(output.controllerDid).toBeNull();
    });
  });

  describe('a suspended agent', () => {
    it('gets no token until it is resumed, which only an administrator does', async () => {
      const agent = newAgent();
      const boss = await register();
      const { did } = await register(agent, { controllerDid: boss.did });
      const { output } = await caller.call('agent.suspend', { did, reason: 'odd' }, as(boss.did));
      expect(output).toMatchObject({ status: 'suspended', version: 2 });
      expect((await caller.call('agent.suspend', { did })).output).toEqual(output);
      await expect(handshake(did, agent)).rejects.toMatchObject({ code: 'HANDSHAKE_REFUSED' });
      expect((await caller.call('agent.resume', { did })).output.status).toBe('active');
      await handshake(did, agent);
    });

    it('is not suspended by a stranger, and not when it is revoked', async () => {
      const [victim, stranger] = [await register(), await register()];
      await expect(caller.call('agent.suspend', { did: victim.did }, as(stranger.did))).rejects.toMatchObject(
        { code: 'POLICY_DENIED' },
      );
      await caller.call('agent.revoke', { did: victim.did });
      for (const operation of ['agent.suspend', 'agent.resume'] as const)
        await expect(caller.call(operation, { did: victim.did })).rejects.toMatchObject({
          code: 'AGENT_REVOKED',
        });
    });
  });

  it('a verified agent says who vouches for it and why, until it gets another name', async () => {
    const { did } = await register();
    const { output } = await caller.call('agent.verify', { did, statement: 'met in person' });
    expect(output).toMatchObject({
      verified: true,
      verification: { statement: 'met in person', by: `apiKey:${'0'.repeat(16)}` },
    });
    expect(await get(did)).toEqual(output);
    const renamed = await caller.call('agent.update', { did, name: 'Somebody else' }, as(did));
    expect(renamed.output).toMatchObject({ verified: false, verification: null });
    expect(await get(did)).toEqual(renamed.output);
    await caller.call('agent.verify', { did, statement: 'met again' });
    const withdrawn = await caller.call('agent.verify', { did, statement: 'it was a wig', withdraw: true });
    expect(withdrawn.output).toMatchObject({ verified: false, verification: null });
  });

  it('the document names the current key, and the controller', async () => {
    const boss = await register();
    const next = newAgent();
    const { did, authKeyId } = await managed(newAgent(), { controllerDid: boss.did });
    await caller.call('agent.rotateKey', rotation(did, authKeyId, next));
    const read = async (): Promise<unknown> => {
      const { body } = (await caller.call('agent.document', { did })).output;
      return JSON.parse(Buffer.from(fromBase64url(body)!).toString());
    };
    const id = `${did}#${keyId(next.publicKey)}`;
    expect(await read()).toMatchObject({
      ...{ id: did, controller: boss.did, authentication: [id], assertionMethod: [id] },
      verificationMethod: [{ id, publicKeyMultibase: next.publicKeyText }],
    });
    await caller.call('agent.revoke', { did });
    expect(await read()).not.toHaveProperty('verificationMethod');
  });

  it('every operation answers for an agent of another tenant exactly as for none', async () => {
    const { did } = await managed();
    const none = did.replace(/.{12}$/, '0'.repeat(12));
    const options = { principal: administrator('other') };
    const asked = [
      (who: string) => caller.call('agent.update', { did: who, name: 'x' }, options),
      (who: string) => caller.call('agent.suspend', { did: who }, options),
      (who: string) => caller.call('agent.resume', { did: who }, options),
      (who: string) => caller.call('agent.verify', { did: who, statement: 'x' }, options),
      (who: string) => caller.call('agent.rotateKey', rotation(who, 'k', newAgent()), options),
      (who: string) => caller.call('agent.keys', { did: who }, options),
      (who: string) => caller.call('agent.document', { did: who }, options),
    ];
    for (const ask of asked) {
      const [foreign, absent] = await Promise.all(
        [did, none].map((who) => ask(who).catch((error: unknown) => error)),
      );
      expect(foreign).toEqual(absent);
      expect(foreign).toMatchObject({ code: 'AGENT_UNKNOWN' });
    }
  });
});
