import { keysAt, type OperationOutput } from '@concordat/contracts';
import { keyId, toBase64url, verifySignatures } from '@concordat/crypto';
import {
  agentPrincipal,
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

describe('managed identities and their keys', () => {
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

  describe('a managed identity', () => {
    it('has a DID of this domain and tenant, which a repetition finds again', async () => {
      const agent = newAgent();
      const first = await managed(agent, {}, { commandId: 'web-1' });
      expect(first.did).toMatch(/^did:web:localhost%3A7400:agents:default:[0-9a-f-]{36}$/);
      expect(await managed(agent, {}, { commandId: 'web-1' })).toEqual(first);
      expect((await managed(agent)).did).not.toBe(first.did);
      expect(await get(first.did)).toEqual(first);
    });

    it('does not take the DID that a caller would like', async () => {
      const { did } = await managed();
      for (const wanted of [did, newAgent().did])
        await expect(managed(newAgent(), { did: wanted })).rejects.toMatchObject({
          code: 'DID_KEY_MISMATCH',
        });
    });

    it('shakes hands with its key', async () => {
      const agent = newAgent();
      const { did } = await managed(agent);
      await handshake(did, agent);
      expect((await get(did)).lastSeen).not.toBeNull();
    });
  });

  describe('a key that is rotated', () => {
    it('is refused from then on, and what it signed before stays verifiable', async () => {
      const [old, next] = [newAgent(), newAgent()];
      const { did, authKeyId } = await managed(old);
      const message = new TextEncoder().encode('the release is good');
      const signed = [{ alg: 'Ed25519' as const, kid: authKeyId, value: old.sign('the release is good') }];
      const before = new Date().toISOString();
      const input = rotation(did, authKeyId, next, { current: old });
      const { output } = await caller.call('agent.rotateKey', input, as(did));
      expect(output).toMatchObject({ authKeyId: keyId(next.publicKey), version: 2 });
      expect(await get(did)).toEqual(output);

      await expect(handshake(did, old)).rejects.toMatchObject({ code: 'HANDSHAKE_REFUSED' });
      await handshake(did, next);

      const { items } = (await caller.call('agent.keys', { did })).output;
      expect(items).toMatchObject([
        { kid: authKeyId, validUntil: items[1]!.validFrom },
        { kid: keyId(next.publicKey), value: toBase64url(next.publicKey), validUntil: null },
      ]);
      expect(verifySignatures(message, signed, keysAt(items, before))).toBe(true);
      expect(verifySignatures(message, signed, keysAt(items, items[1]!.validFrom))).toBe(false);
    });

    it('is replaced by nobody but the agent, its controller and an administrator', async () => {
      const boss = newAgent();
      await register(boss);
      const stranger = await register();
      const first = newAgent();
      const { did, authKeyId } = await managed(first, { controllerDid: boss.did });
      let current = authKeyId;
      await expect(
        caller.call('agent.rotateKey', rotation(did, current, newAgent()), as(stranger.did)),
      ).rejects.toMatchObject({ code: 'POLICY_DENIED' });
      // A copied token is not the agent: its own key is replaced with the leave of that key only.
      for (const over of [{}, { current: newAgent() }])
        await expect(
          caller.call('agent.rotateKey', rotation(did, current, newAgent(), over), as(did)),
        ).rejects.toMatchObject({ code: 'KEY_PROOF_INVALID' });
      for (const options of [as(did), as(boss.did), {}]) {
        const input = rotation(did, current, newAgent(), { current: first });
        const { output } = await caller.call('agent.rotateKey', input, options);
        current = output.authKeyId;
      }
      expect((await caller.call('agent.keys', { did, limit: 500 })).output.items).toHaveLength(4);
    });

    it('is only replaced by a key that proves itself, for this agent, here and now', async () => {
      const { did, authKeyId } = await managed();
      const other = await managed();
      const next = newAgent();
      const ago = (ms: number): string => new Date(Date.now() - ms).toISOString();
      const bad = [
        rotation(did, authKeyId, next, { signer: newAgent() }),
        rotation(did, authKeyId, next, { did: other.did }),
        rotation(did, authKeyId, next, { tenant: 'acme' }),
        rotation(did, authKeyId, next, { audience: 'elsewhere' }),
        rotation(did, authKeyId, next, { signedAt: ago(70_000) }),
        rotation(did, authKeyId, next, { signedAt: ago(-20_000) }),
        rotation(did, other.authKeyId, next),
        { ...rotation(did, authKeyId, next), publicKey: newAgent().publicKeyText },
      ];
      for (const input of bad)
        await expect(caller.call('agent.rotateKey', input)).rejects.toMatchObject({
          code: 'KEY_PROOF_INVALID',
        });
      for (const publicKey of ['00'.repeat(32), `02${'00'.repeat(31)}`]) {
        const input = { ...rotation(did, authKeyId, next), publicKey };
        await expect(caller.call('agent.rotateKey', input)).rejects.toMatchObject({
          code: 'PUBLIC_KEY_UNSAFE',
        });
      }
      expect((await get(did)).authKeyId).toBe(authKeyId);
    });

    it('does not come back by a proof that was seen before', async () => {
      const [first, second, third] = [newAgent(), newAgent(), newAgent()];
      const { did, authKeyId } = await managed(first);
      const seen = rotation(did, authKeyId, second);
      await caller.call('agent.rotateKey', seen);
      await caller.call('agent.rotateKey', rotation(did, keyId(second.publicKey), third));
      await expect(caller.call('agent.rotateKey', seen)).rejects.toMatchObject({ code: 'KEY_PROOF_INVALID' });
      await expect(
        caller.call('agent.rotateKey', rotation(did, keyId(third.publicKey), first)),
      ).rejects.toMatchObject({ code: 'KEY_ALREADY_USED' });
    });

    it('is one of two that would replace it at the same time', async () => {
      const { did, authKeyId } = await managed();
      const tries = await Promise.allSettled(
        [newAgent(), newAgent(), newAgent()].map((next) =>
          caller.call('agent.rotateKey', rotation(did, authKeyId, next)),
        ),
      );
      expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect((await caller.call('agent.keys', { did })).output.items).toHaveLength(2);
    });

    it('cannot be that of a did:key', async () => {
      const { did, authKeyId } = await register();
      await expect(
        caller.call('agent.rotateKey', rotation(did, authKeyId, newAgent())),
      ).rejects.toMatchObject({ code: 'DID_KEY_FIXED' });
    });

    it('ends with its agent', async () => {
      const { did } = await managed();
      await caller.call('agent.revoke', { did });
      const ended = (await caller.call('agent.keys', { did })).output.items[0]!.validUntil;
      expect(ended).not.toBeNull();
      await caller.call('agent.erase', { did });
      expect((await caller.call('agent.keys', { did })).output.items[0]!.validUntil).toBe(ended);
    });

    it('is listed in pages, by cursors of that list only', async () => {
      const [a, b] = [await managed(), await managed()];
      for (const { did, authKeyId } of [a, b])
        await caller.call('agent.rotateKey', rotation(did, authKeyId, newAgent()));
      const first = (await caller.call('agent.keys', { did: a.did, limit: 1 })).output;
      const cursor = first.nextCursor!;
      const second = (await caller.call('agent.keys', { did: a.did, limit: 1, cursor })).output;
      expect([first.items[0]!.kid, second.nextCursor]).toEqual([a.authKeyId, null]);
      await expect(caller.call('agent.keys', { did: b.did, cursor })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
    });
  });
});
