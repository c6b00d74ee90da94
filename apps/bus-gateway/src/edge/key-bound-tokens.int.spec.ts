import {
  AgentRevoked,
  DelegationCreated,
  DelegationRevoked,
  type Position,
  SigningKeyRetired,
  TokenRevoked,
} from '@concordat/contracts';
import { generateEd25519, keyId, toBase64url } from '@concordat/crypto';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import { type BothDoors, startBothDoors } from '../door.fixture';
import { proofOf } from '../proof.fixture';

const later = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

describe('tokens at the doors of a gateway', () => {
  let doors: BothDoors;
  beforeAll(async () => (doors = await startBothDoors()));
  afterAll(() => doors.stop());

  const whoami = '/v1/auth/whoami';
  const admitted = async (): Promise<TestAgent> => {
    const agent = newAgent();
    await doors.iam.register(agent);
    return agent;
  };
  const codeOf = async (headers: Record<string, string>, path = whoami): Promise<string> => {
    const answer = await fetch(doors.gateway.url + path, { headers });
    const body = (await answer.json()) as { id?: string; code?: string };
    return body.code ?? body.id ?? 'done';
  };
  const proven = (agent: TestAgent, token: string, path = whoami, over: object = {}) => ({
    authorization: `DPoP ${token}`,
    dpop: proofOf(agent.secretKey, { method: 'GET', url: doors.gateway.url + path, token }, { ...over }),
  });
  const bound = { token_type: 'DPoP' };

  describe('that want proofs of their key', () => {
    it('are good with a proof for this request, once, and as nothing else', async () => {
      const agent = await admitted();
      const token = await doors.iam.token(agent.did, { claims: bound });
      const headers = proven(agent, token);
      expect(await codeOf(headers)).toBe(agent.did);
      expect(await codeOf(headers)).toBe('PROOF_INVALID');
      expect(await codeOf({ authorization: `Bearer ${token}` })).toBe('PROOF_INVALID');
      expect(await codeOf({ ...proven(agent, token), authorization: `Bearer ${token}` })).toBe(
        'PROOF_INVALID',
      );
      expect(await codeOf({ authorization: `DPoP ${token}` })).toBe('PROOF_INVALID');
      const stranger = newAgent();
      expect(await codeOf({ ...proven(agent, token), dpop: proven(stranger, token).dpop })).toBe(
        'PROOF_INVALID',
      );
      expect(await codeOf(proven(agent, token, '/v1/agents'))).toBe('PROOF_INVALID');
      expect(await codeOf(proven(agent, token, whoami, { htm: 'POST' }))).toBe('PROOF_INVALID');
      expect(await codeOf(proven(agent, token), `${whoami}?x=1`)).toBe('INPUT_INVALID');
    });

    it('say in the answer what they want', async () => {
      const agent = await admitted();
      const token = await doors.iam.token(agent.did, { claims: bound });
      const answer = await fetch(doors.gateway.url + whoami, {
        headers: { authorization: `Bearer ${token}` },
      });
      expect(answer.headers.get('www-authenticate')).toContain(
        'DPoP algs="EdDSA", error="invalid_dpop_proof"',
      );
    });

    it('are good over gRPC with a proof for its path', async () => {
      const agent = await admitted();
      const token = await doors.iam.token(agent.did, { claims: bound });
      const method = 'IdentityService/WhoAmI';
      const url = `http://${doors.gateway.grpcAddress}/concordat.v1.${method}`;
      const dpop = proofOf(agent.secretKey, { method: 'POST', url, token });
      const ask = ({ dpop: shown }: { dpop?: string }) =>
        doors.grpc.ask(
          method,
          {},
          { authorization: `DPoP ${token}`, headers: shown === undefined ? {} : { dpop: shown } },
        );
      expect((await ask({ dpop })).message).toMatchObject({ id: agent.did });
      for (const headers of [{ dpop }, {}, { dpop: proven(agent, token).dpop }] as Record<string, string>[])
        expect((await ask(headers)).status?.ErrorInfo?.reason).toBe('PROOF_INVALID');
    });

    it('are asked for with a proof, by whoever does the handshake', async () => {
      const agent = await admitted();
      const { url } = doors.gateway;
      const post = async (path: string, body: object, headers: Record<string, string> = {}) => {
        const init = { method: 'POST', body: JSON.stringify(body) };
        const answer = await fetch(url + path, {
          ...init,
          headers: { 'content-type': 'application/json', ...headers },
        });
        return (await answer.json()) as Record<string, string>;
      };
      const { challengeId, challenge } = await post('/v1/auth/challenge', { did: agent.did });
      const body = { challengeId: challengeId!, signature: agent.sign(challenge!) };
      const dpop = proofOf(agent.secretKey, { method: 'POST', url: `${url}/v1/auth/token` });
      expect(await post('/v1/auth/token', body, { dpop: `${dpop}x` })).toMatchObject({
        code: 'PROOF_INVALID',
      });
      await post('/v1/auth/token', body, { dpop });
      const redeemed = doors.iam.asked.filter(({ operation }) => operation === 'handshake.redeem').at(-1)!;
      expect(redeemed.input).toMatchObject({ keyThumbprint: expect.stringMatching(/^[\w-]{43}$/) as string });
      expect(await post('/v1/auth/token', body, { dpop })).toMatchObject({ code: 'PROOF_INVALID' });
    });
  });

  describe('that were taken back', () => {
    it('are refused as soon as the control lane says so: one, or all until then and none after', async () => {
      const agent = await admitted();
      const [one, other] = [
        await doors.iam.token(agent.did, { id: 'one' }),
        await doors.iam.token(agent.did),
      ];
      const ask = (token: string) => codeOf({ authorization: `Bearer ${token}` });
      expect([await ask(one), await ask(other)]).toEqual([agent.did, agent.did]);
      const withdraw = (name: string) =>
        doors.iam.publish(TokenRevoked, { name, subject: agent.did, until: later(900) }, { toStream: false });
      await withdraw('token:one');
      await eventually(async () => expect(await ask(one)).toBe('CREDENTIAL_INVALID'));
      expect(await ask(other)).toBe(agent.did);
      await withdraw(`before:${agent.did}`);
      await eventually(async () => expect(await ask(other)).toBe('CREDENTIAL_INVALID'));
      await doors.iam.catchUp();
      // One that was issued after it, within the same second.
      await doors.iam.register(newAgent());
      expect(await ask(await doors.iam.token(agent.did))).toBe(agent.did);
      expect(await ask(other)).toBe('CREDENTIAL_INVALID');
    });

    it('with the key that signed them are refused at once, and the key leaves the published ones', async () => {
      const agent = await admitted();
      const first = doors.iam.signingKey;
      const authorization = await doors.iam.bearer(agent.did);
      expect(await codeOf({ authorization })).toBe(agent.did);
      const next = generateEd25519();
      await doors.iam.activateSigningKey(next);
      const kid = keyId(first.publicKey);
      await doors.iam.publish(SigningKeyRetired, { kid, reason: 'revoked' }, { toStream: false });
      await eventually(async () => expect(await codeOf({ authorization })).toBe('CREDENTIAL_INVALID'));
      const jwks = await fetch(`${doors.gateway.url}/.well-known/jwks.json`);
      expect(jwks.headers.get('cache-control')).toBe('public, max-age=60');
      expect(await jwks.json()).toMatchObject({ keys: [{ x: toBase64url(next.publicKey) }] });
      await doors.iam.catchUp();
      await doors.iam.activateSigningKey(first);
      await eventually(async () => expect(await codeOf({ authorization })).toBe(agent.did));
    });
  });

  describe('with the right of another', () => {
    let a: TestAgent, b: TestAgent, c: TestAgent;
    let links = 0;
    beforeEach(async () => {
      [a, b, c] = [await admitted(), await admitted(), await admitted()];
    });
    const give = async (from: TestAgent, to: TestAgent, over: object = {}): Promise<string> => {
      const id = `dlg_${++links}`;
      const right = { scopes: ['read'], operations: null, expiresAt: later(600), parent: null };
      await doors.iam.publish(DelegationCreated, {
        id,
        owner: a.did,
        from: from.did,
        to: to.did,
        ...right,
        ...over,
      });
      return id;
    };
    const tokenOf = (delegations: string[], actors: TestAgent[], over: object = {}): Promise<string> => {
      const act = [...actors].reverse().reduce<object | undefined>((inner, { did }) => ({ sub: did, ...(inner && { act: inner }) }), undefined); // prettier-ignore
      const key = toBase64url(actors[0]!.publicKey);
      return doors.iam.token(a.did, {
        key,
        scopes: ['read'],
        claims: { ...bound, act, delegations, ...over },
      });
    };
    const ask = (token: string, by: TestAgent, path = whoami) => codeOf(proven(by, token, path), path);

    it('act for its owner while every link is there, and are refused when any is taken back', async () => {
      const first = await give(a, b);
      const second = await give(b, c, { parent: first });
      const [ofB, ofC] = [await tokenOf([first], [b]), await tokenOf([first, second], [c, b])];
      expect([await ask(ofB, b), await ask(ofC, c)]).toEqual([a.did, a.did]);
      expect([await ask(ofC, b), await ask(ofB, a)]).toEqual(['PROOF_INVALID', 'PROOF_INVALID']);
      await doors.iam.publish(DelegationRevoked, { id: first, owner: a.did }, { toStream: false });
      for (const [token, by] of [
        [ofB, b],
        [ofC, c],
      ] as const)
        // prettier-ignore
        await eventually(async () => expect(await ask(token, by)).toBe('CREDENTIAL_INVALID'));
      await doors.iam.catchUp();
      expect(await ask(ofC, c)).toBe('CREDENTIAL_INVALID');
    });

    it('are refused when the chain is not the one that was made', async () => {
      const first = await give(a, b);
      const second = await give(b, c, { parent: first });
      const alien = await give(b, c, { owner: b.did });
      const over = await give(a, c, { expiresAt: new Date(Date.now() - 1).toISOString() });
      const bad: [string[], TestAgent[]][] = [
        ...([[[second], [c]], [[second, first], [c, b]], [[first, first], [b, b]], [[alien], [c]]] as [string[], TestAgent[]][]), // prettier-ignore
        ...([[['dlg_none'], [b]], [[first], [c]], [[over], [c]], [[first, second], [b, c]]] as [string[], TestAgent[]][]), // prettier-ignore
      ];
      for (const [delegations, actors] of bad)
        expect([delegations, await ask(await tokenOf(delegations, actors), actors[0]!)]).toEqual([
          delegations,
          'CREDENTIAL_INVALID',
        ]);
      // Bound to the key of the owner, or coming without a proof: no.
      const ofOwner = await doors.iam.token(a.did, {
        claims: { ...bound, act: { sub: b.did }, delegations: [first] },
      });
      expect(await ask(ofOwner, a)).toBe('CREDENTIAL_INVALID');
      expect(await codeOf({ authorization: `Bearer ${await tokenOf([first], [b], { token_type: undefined })}` })).toBe('CREDENTIAL_INVALID'); // prettier-ignore
    });

    it('end with everybody who is part of it, also with one between', async () => {
      const first = await give(a, b);
      const second = await give(b, c, { parent: first });
      const token = await tokenOf([first, second], [c, b]);
      expect(await ask(token, c)).toBe(a.did);
      await doors.iam.publish(AgentRevoked, { did: b.did, reason: 'x' }, { toStream: false });
      await eventually(async () => expect(await ask(token, c)).toBe('CREDENTIAL_INVALID'));
      await doors.iam.catchUp();
    });

    it('do what every link allows, never what makes new rights, and the audit trail names both', async () => {
      const first = await give(a, b, { operations: ['agent.*', 'delegation.create'] });
      const second = await give(b, c, { parent: first, operations: ['agent.get', 'memory.*'] });
      const [ofB, ofC] = [await tokenOf([first], [b]), await tokenOf([first, second], [c, b])];
      doors.iam.answers['agent.list'] = () => ({ items: [], nextCursor: null });
      expect(await ask(ofB, b, '/v1/agents')).toBe('done');
      expect(await ask(ofC, c, '/v1/agents')).toBe('DELEGATION_FORBIDDEN');
      expect(await ask(ofC, c)).toBe('DELEGATION_FORBIDDEN');
      const asked = doors.iam.asked.filter(({ operation }) => operation === 'agent.list').at(-1)!;
      expect(asked.principal).toMatchObject({ id: a.did, actors: [b.did], delegations: [first] });
      let refusal: string | undefined;
      await eventually(async () => {
        const entries = await doors.iam.log.read(
          [{ source: 'bus.feed', after: { epoch: 0, position: 0 } }],
          10_000,
        );
        refusal = (entries.get('bus.feed') ?? []).map(({ actor }) => actor).find((actor) => actor.startsWith(`agent:${c.did}`)); // prettier-ignore
        expect(refusal).toBe(`agent:${c.did};for=agent:${a.did}`);
      });
    });
  });

  it('a position that a token names is waited for, and so is its delegation', async () => {
    const [owner, receiver] = [await admitted(), await admitted()];
    const facts = { id: 'dlg_late', owner: owner.did, from: owner.did, to: receiver.did, parent: null };
    const right = { scopes: ['read'], operations: null, expiresAt: later(60) };
    const at: Position = await doors.iam.publish(
      DelegationCreated,
      { ...facts, ...right },
      { toStream: false },
    );
    const claims = { ...bound, act: { sub: receiver.did }, delegations: ['dlg_late'] };
    const key = toBase64url(receiver.publicKey);
    const waiting = codeOf(proven(receiver, await doors.iam.token(owner.did, { key, position: at, claims })));
    await doors.iam.catchUp();
    expect(await waiting).toBe(owner.did);
  });
});
