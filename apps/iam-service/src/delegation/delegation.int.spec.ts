import { type Delegation, delegationTokenType, limits, type Principal } from '@concordat/contracts';
import { jwkThumbprint, toBase64url } from '@concordat/crypto';
import { SqliteEventStore } from '@concordat/eventsourcing';
import {
  agentPrincipal,
  type Bench,
  type Caller,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { decodeJwt } from 'jose';
import { startIam } from '../iam.fixture';

describe('a right that is handed on', () => {
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

  type Agent = Extract<Principal, { kind: 'agent' }>;
  const agents = new Map<string, ReturnType<typeof newAgent>>();
  const registered = async (tenant = 'default'): Promise<Agent> => {
    const agent = newAgent();
    agents.set(agent.did, agent);
    const principal = { ...administratorOf(tenant) };
    await caller.call(
      'agent.register',
      { name: 'a', type: 'CLAUDE', publicKey: agent.publicKeyText },
      { principal },
    );
    return agentPrincipal(agent.did, tenant) as Agent;
  };
  const administratorOf = (tenant: string): Principal => ({
    ...{ kind: 'apiKey', tenant, id: '0'.repeat(16), scopes: ['read', 'write', 'admin'] },
  });
  type Wish = { scopes?: ('read' | 'write' | 'admin')[]; operations?: string[]; expiresInSeconds?: number };
  const give = async (from: Principal, to: Principal, wish: Wish = {}): Promise<Delegation> => {
    const input = { to: to.id, scopes: ['read' as const], ...wish };
    return (await caller.call('delegation.create', input, { principal: from })).output;
  };
  const exchange = (subjectToken: string, principal: Principal, over: object = {}) =>
    caller.call(
      'auth.exchange',
      {
        grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
        ...{ subjectToken, subjectTokenType: delegationTokenType, ...over },
      },
      { principal },
    );
  /** Who acts with the token, as the gateway would say it. */
  const acting = async (id: string, principal: Agent): Promise<Agent> => {
    const claims = decodeJwt((await exchange(id, principal)).output.accessToken);
    const actors: string[] = [];
    for (let act = claims['act'] as { sub: string; act?: never } | undefined; act; act = act.act)
      actors.push(act.sub);
    const scopes = String(claims['scope']).split(' ') as Agent['scopes'];
    const delegations = claims['delegations'] as string[];
    return { ...principal, id: claims.sub!, scopes, actors, delegations, tokenId: claims.jti! };
  };
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );

  it('becomes a token of the receiver for the owner, bound to the key of the one and naming both', async () => {
    const [a, b] = [await registered(), await registered()];
    const { id } = await give(a, b, { operations: ['memory.*'], expiresInSeconds: 60 });
    const { output } = await exchange(id, b);
    expect(output).toMatchObject({ tokenType: 'DPoP', scopes: ['read'] });
    expect(output.expiresIn).toBeLessThanOrEqual(60);
    expect(decodeJwt(output.accessToken)).toMatchObject({
      ...{ sub: a.id, act: { sub: b.id }, delegations: [id], scope: 'read', token_type: 'DPoP' },
      cnf: { jkt: jwkThumbprint(toBase64url(agents.get(b.id)!.publicKey)) },
    });
  });

  it('is handed on further, narrower, and names everybody between (RFC 8693 §4.1)', async () => {
    const [a, b, c] = [await registered(), await registered(), await registered()];
    const first = await give(a, b, {
      scopes: ['read', 'write'],
      operations: ['memory.*', 'delegation.create'],
    });
    const asB = await acting(first.id, b);
    expect(await codeOf(give(asB, c, { operations: ['message.send'] }))).toBe('DELEGATION_TOO_WIDE');
    expect(await codeOf(give(asB, c, { scopes: ['admin'] }))).toBe('DELEGATION_TOO_WIDE');
    expect(await codeOf(give(asB, c, { expiresInSeconds: 7_200 }))).toBe('DELEGATION_TOO_WIDE');
    const second = await give(asB, c, { operations: ['memory.get'], expiresInSeconds: 60 });
    expect(second).toMatchObject({ owner: a.id, from: b.id, to: c.id, parent: first.id });
    const { output } = await exchange(second.id, c);
    expect(decodeJwt(output.accessToken)).toMatchObject({
      ...{ sub: a.id, act: { sub: c.id, act: { sub: b.id } }, delegations: [first.id, second.id] },
    });
    // Neither back to somebody who has it, nor by a token that was asked for with fewer scopes.
    const asC = await acting(second.id, c);
    for (const to of [a, b, c])
      expect(await codeOf(give(asC, to, { expiresInSeconds: 1 }))).toBe('DELEGATION_FORBIDDEN');
    expect(await codeOf(give({ ...asB, scopes: ['read'] }, c, { scopes: ['write'], expiresInSeconds: 9 }))).toBe('DELEGATION_TOO_WIDE'); // prettier-ignore
  });

  it('is traded by its receiver alone, with his own token, for not more than was given', async () => {
    const [a, b, c] = [await registered(), await registered(), await registered()];
    const { id } = await give(a, b);
    for (const other of [a, c, agentPrincipal(b.id, 'acme')])
      expect(await codeOf(exchange(id, other))).toBe('DELEGATION_UNKNOWN');
    expect(await codeOf(exchange(`dlg_${'0'.repeat(32)}`, b))).toBe('DELEGATION_UNKNOWN');
    expect(await codeOf(exchange(id, await acting(id, b)))).toBe('DELEGATION_FORBIDDEN');
    expect(await codeOf(exchange(id, b, { scope: 'read write' }))).toBe('DELEGATION_TOO_WIDE');
    for (const scope of ['', 'root', 'read,write', ' read']) expect(await codeOf(exchange(id, b, { scope }))).toBe('INPUT_INVALID'); // prettier-ignore
    expect((await exchange(id, b, { scope: 'read' })).output.scopes).toEqual(['read']);
  });

  it('shows its token once: whoever sends the request again learns that it was shown', async () => {
    const [a, b] = [await registered(), await registered()];
    const { id } = await give(a, b);
    const input = {
      grantType: 'urn:ietf:params:oauth:grant-type:token-exchange' as const,
      ...{ subjectToken: id, subjectTokenType: delegationTokenType as typeof delegationTokenType },
    };
    const again = () =>
      caller.call('auth.exchange', input, { principal: b, commandId: `x${id}`.padEnd(43, 'x') });
    expect(await codeOf(again())).toBe('done');
    expect(await codeOf(again())).toBe('SECRET_ALREADY_SHOWN');
  });

  it('ends with its parent, with its time, and with everybody who is part of it', async () => {
    const [a, b, c] = [await registered(), await registered(), await registered()];
    const first = await give(a, b);
    const asB = await acting(first.id, b);
    const second = await give(asB, c, { expiresInSeconds: 60 });
    await caller.call('delegation.revoke', { id: first.id }, { principal: a });
    expect(await codeOf(exchange(second.id, c))).toBe('DELEGATION_UNKNOWN');
    expect(await codeOf(give(asB, c, { expiresInSeconds: 60 }))).toBe('DELEGATION_UNKNOWN');
    expect((await caller.call('delegation.get', { id: second.id }, { principal: c })).output.status).toBe(
      'revoked',
    );
    for (const ended of [a, b]) {
      const [owner, receiver] = ended === a ? [await registered(), c] : [b, await registered()];
      const { id } = await give(owner, receiver);
      await caller.call('agent.revoke', { did: owner.id });
      expect(await codeOf(exchange(id, receiver))).toBe('DELEGATION_UNKNOWN');
    }
    expect(await codeOf(give(a, b))).toBe('AGENT_UNKNOWN');
  });

  it('is one of a bounded number: what has ended makes room, and what comes at once stays within it', async () => {
    const [a, b, c] = [await registered(), await registered(), await registered()];
    const row = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO delegations SELECT 'default', 'dlg_' || ? || i, ?, ?, ?, NULL, '["read"]', NULL, 'active',
        '2026-01-01T00:00:00.000Z', ?, 1, 1, -(i + ?) FROM n`;
    const insert = (count: number, name: string, expiresAt: string, from: number) =>
      app
        .get(SqliteEventStore)
        .write([{ sql: row, params: [count, name, a.id, a.id, b.id, expiresAt, from] }]);
    const live = limits.delegationsPerAgent - 2;
    await insert(live, 'live', '2999-01-01T00:00:00.000Z', 0);
    await insert(9, 'ended', '2026-01-01T00:00:01.000Z', live);
    const first = await give(a, b);
    const both = await Promise.all([codeOf(give(a, b)), codeOf(give(a, b))]);
    expect(both.sort()).toEqual(['DELEGATIONS_FULL', 'done']);
    expect(await codeOf(give(b, c))).toBe('done');
    await caller.call('delegation.revoke', { id: first.id }, { principal: a });
    expect(await codeOf(give(a, b))).toBe('done');
  });

  it('of others is like none, also for another tenant; an administrator sees all of his own', async () => {
    const [a, b, c, foreign] = [
      await registered(),
      await registered(),
      await registered(),
      await registered('acme'),
    ];
    const { id } = await give(a, b);
    expect(await codeOf(give(a, foreign))).toBe('AGENT_UNKNOWN');
    const see = (principal: Principal) => codeOf(caller.call('delegation.get', { id }, { principal }));
    const end = (principal: Principal) => codeOf(caller.call('delegation.revoke', { id }, { principal }));
    for (const principal of [c, foreign, administratorOf('acme')])
      expect([await see(principal), await end(principal)]).toEqual([
        'DELEGATION_UNKNOWN',
        'DELEGATION_UNKNOWN',
      ]);
    expect([await see(a), await see(b), await see(administratorOf('default'))]).toEqual([
      'done',
      'done',
      'done',
    ]);
    const list = async (principal: Principal) =>
      (await caller.call('delegation.list', { limit: 500 }, { principal })).output.items.map(
        (item) => item.id,
      );
    expect([await list(a), await list(b), await list(c)]).toEqual([[id], [id], []]);
    expect(await list(administratorOf('default'))).toContain(id);
    expect(await list(administratorOf('acme'))).toEqual([]);
    expect(await end(b)).toBe('done');
  });
});
