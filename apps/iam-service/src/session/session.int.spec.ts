import { randomUUID } from 'node:crypto';
import type { DirectoryEntry, OperationName, OperationRequest, Principal } from '@concordat/contracts';
import {
  administrator,
  agentPrincipal,
  type Bench,
  type Caller,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { blockingConnection, commandConnection, RedisEventLog } from '@concordat/streams';
import { decodeJwt } from 'jose';
import { startIam } from '../iam.fixture';
import { SessionEnds } from './session-ends';

const password = 'a heron over the lake';
const owner = (tenant = 'default'): Principal =>
  ({ ...administrator(tenant), scopes: ['read', 'write', 'admin', 'governance', 'workflows'] }) as Principal;

describe('sessions over real Redis and SQLite', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;
  let log: RedisEventLog;
  beforeAll(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
    const { url } = bench.redis.durable;
    log = new RedisEventLog(commandConnection({ url, name: 't' }), blockingConnection({ url, name: 't' }));
  });
  afterAll(async () => {
    await caller.stop();
    await log.close();
    await app.close();
    await bench.stop();
  });

  const newUser = async (over: object = {}, tenant = 'default') => {
    const input = {
      email: `${randomUUID()}@example.org`,
      name: 'Ada',
      roles: ['auditor' as const],
      password,
      ...over,
    };
    return (await caller.call('user.create', input, { principal: owner(tenant) })).output;
  };
  const login = (
    email: string | null,
    over: Partial<OperationRequest<'session.open'>> = {},
    options: object = {},
  ) => caller.call('session.open', { email: email!, password, source: '', ...over }, options);
  const refresh = async (refreshToken: string) =>
    (await caller.call('session.refresh', { refreshToken })).output;
  const codeOf = (answer: Promise<unknown>): Promise<string> =>
    answer.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );
  const asUser = (id: string): Principal => ({
    ...{ kind: 'user', tenant: 'default', id, roles: ['auditor'], scopes: ['read', 'governance'] },
    ...{ tokenId: 't', sessionId: 's' },
  });
  const snapshot = async (): Promise<DirectoryEntry[]> => {
    const entries: DirectoryEntry[] = [];
    let cursor: string | undefined;
    do {
      const page = await caller.call('directory.snapshot', cursor ? { cursor } : {});
      entries.push(...page.output.items.map(({ entry }) => entry));
      cursor = page.output.nextCursor ?? undefined;
    } while (cursor);
    return entries;
  };
  const withdrawals = async (): Promise<string[]> =>
    (await snapshot()).flatMap((entry) => (entry.kind === 'withdrawal' ? [entry.name] : []));
  const refusals = async (): Promise<Record<string, unknown>[]> => {
    const all = await log.read([{ source: 'iam.feed', after: { epoch: 0, position: 0 } }], 10_000);
    const found = (all.get('iam.feed') ?? []).filter(({ type }) => type === 'concordat.iam.login.refused.v1');
    return found.map(({ data }) => JSON.parse(data) as Record<string, unknown>);
  };

  it('opens a session with the scopes of the roles, once for one command', async () => {
    const user = await newUser();
    const { output, position } = await login(user.email, {}, { commandId: 'l1' });
    expect(output).toMatchObject({ tokenType: 'Bearer', expiresIn: 900, refreshExpiresIn: 604_800 });
    expect(decodeJwt(output.accessToken)).toMatchObject({
      ...{ sub: user.id, sid: output.sessionId, tenant: 'default', roles: ['auditor'] },
      ...{ scope: 'read governance', iam_position: `${position!.epoch}-${position!.position}` },
    });
    expect(output.refreshToken).toMatch(/^ccr_[0-9a-f]{32}_[0-9a-f]{104}$/);
    expect(await codeOf(login(user.email, {}, { commandId: 'l1' }))).toBe('SECRET_ALREADY_SHOWN');
  });

  it('refuses alike for nobody, a wrong password, a disabled user, one without password and one of another tenant', async () => {
    const [right, disabled, without, foreign] = [
      ...[
        await newUser(),
        await newUser(),
        await newUser({ password: undefined }),
        await newUser({}, 'acme'),
      ],
    ];
    await caller.call('user.update', { id: disabled!.id, status: 'disabled' }, { principal: owner() });
    const answers = await Promise.all(
      [
        () => login('nobody@example.org'),
        () => login(right!.email, { password: `${password}!` }),
        () => login(disabled!.email),
        () => login(without!.email),
        () => login(foreign!.email),
      ].map((ask) => ask().catch((error: unknown) => error)),
    );
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    expect(answers[0]).toMatchObject({ code: 'LOGIN_REFUSED', detail: 'The login was refused.' });
    const reasons = await refusals();
    expect(reasons).toEqual(
      expect.arrayContaining([
        { userId: null, reason: 'unknown-user', count: 1 },
        { userId: right!.id, reason: 'wrong-password', count: 1 },
        { userId: disabled!.id, reason: 'inactive-user', count: 1 },
        { userId: without!.id, reason: 'no-password', count: 1 },
      ]),
    );
    expect(JSON.stringify(reasons)).not.toContain('example.org');
  });

  it('locks a user after five wrong passwords, also against the right one, across a restart, until an administrator helps', async () => {
    const user = await newUser();
    for (let guess = 1; guess <= 5; guess++)
      expect(await codeOf(login(user.email, { password: 'wrong password' }))).toBe('LOGIN_REFUSED');
    await app.close();
    app = await startIam(bench);
    expect(await codeOf(login(user.email))).toBe('LOGIN_REFUSED');
    const options = { principal: owner() };
    expect((await caller.call('user.get', { id: user.id }, options)).output.lockedUntil).not.toBeNull();
    await caller.call('user.update', { id: user.id, status: 'active' }, options);
    expect(await codeOf(login(user.email))).toBe('done');
  });

  it('slows a source down whoever it asks for, and no other source', async () => {
    const user = await newUser();
    const source = '192.0.2.7';
    const codes: string[] = [];
    while (codes.length < 40 && codes.at(-1) !== 'LOGIN_THROTTLED')
      codes.push(await codeOf(login(`${codes.length}@example.org`, { source })));
    expect(codes.at(-1)).toBe('LOGIN_THROTTLED');
    expect(await codeOf(login(user.email, { source }))).toBe('LOGIN_THROTTLED');
    expect(await codeOf(login(user.email, { source: '192.0.2.8' }))).toBe('done');
  }, 60_000);

  it('trades a refresh token for the next one, survives a lost answer, and ends when an old token comes back', async () => {
    const { email } = await newUser();
    const { output: first } = await login(email);
    const second = await refresh(first.refreshToken);
    const third = await refresh(second.refreshToken);
    // The answer was lost: the same token once more, and the token that was lost with it is void.
    const again = await refresh(second.refreshToken);
    const fourth = await refresh(again.refreshToken);
    expect(await codeOf(refresh(third.refreshToken))).toBe('REFRESH_REFUSED');
    expect(await codeOf(refresh(fourth.refreshToken))).toBe('REFRESH_REFUSED');
  });

  it('is not ended by a token that somebody made up', async () => {
    const { email } = await newUser();
    const { output } = await login(email);
    const { output: other } = await login((await newUser()).email);
    const forged = [
      `${output.refreshToken.slice(0, 37)}${other.refreshToken.slice(37)}`,
      output.refreshToken.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      'ccr_',
      output.accessToken.slice(0, 200),
    ];
    for (const token of forged) expect(await codeOf(refresh(token))).toBe('REFRESH_REFUSED');
    expect(await codeOf(refresh(output.refreshToken))).toBe('done');
  });

  it.each(['disabled', 'password', 'erased'])('ends all sessions of a user: %s', async (what) => {
    const user = await newUser();
    const [one, two] = [(await login(user.email)).output, (await login(user.email)).output];
    const options = { principal: owner() };
    const { id } = user;
    if (what === 'disabled') {
      await caller.call('user.update', { id, status: 'disabled' }, options);
      await caller.call('user.update', { id, status: 'active' }, options);
    }
    if (what === 'password')
      await caller.call('user.setPassword', { id, password: 'another heron, same lake' }, options);
    if (what === 'erased') await caller.call('user.erase', { id }, options);
    for (const { refreshToken } of [one, two])
      expect(await codeOf(refresh(refreshToken))).toBe('REFRESH_REFUSED');
    const { items } = (await caller.call('session.list', { userId: id }, options)).output;
    expect(items.map(({ status }) => status)).toEqual(['ended', 'ended']);
  });

  it('ends all sessions of a user but the newest ones, for whoever takes credentials away', async () => {
    const user = await newUser();
    const made = [await login(user.email), await login(user.email), await login(user.email)];
    const ends = app.get(SessionEnds, { strict: false });
    const left = async () =>
      (await caller.call('session.list', { userId: user.id, status: 'active' }, { principal: owner() }))
        .output.items;
    await ends.all('default', user.id, 'displaced', 5);
    expect(await left()).toHaveLength(3);
    await ends.all('default', user.id, 'displaced', 1);
    expect((await left()).map(({ id }) => id)).toEqual([made[2]!.output.sessionId]);
    await ends.all('elsewhere', user.id, 'revoked');
    expect(await left()).toHaveLength(1);
    await ends.all('default', user.id, 'revoked');
    expect(await left()).toEqual([]);
    for (const { output } of made) expect(await codeOf(refresh(output.refreshToken))).toBe('REFRESH_REFUSED');
  });

  it("lists sessions and ends one: one's own, or as an administrator anybody's", async () => {
    const [ada, bob] = [await newUser(), await newUser()];
    const { output } = await login(ada.email);
    const id = output.sessionId;
    const list = async (principal: Principal, filter: object = {}) =>
      (await caller.call('session.list', filter, { principal })).output.items.map((session) => session.id);
    expect(await list(asUser(ada.id))).toEqual([id]);
    expect(await list(asUser(bob.id))).toEqual([]);
    expect(await list(owner(), { userId: ada.id, status: 'active' })).toEqual([id]);
    expect(await list(owner(), { limit: 500 })).toContain(id);
    expect(await codeOf(list(asUser(bob.id), { userId: ada.id }))).toBe('USER_UNKNOWN');
    expect(await codeOf(list(agentPrincipal(newAgent().did)))).toBe('POLICY_DENIED');
    const revoke = (principal: Principal) => caller.call('session.revoke', { id }, { principal });
    expect(await codeOf(revoke(asUser(bob.id)))).toBe('SESSION_UNKNOWN');
    expect((await revoke(asUser(ada.id))).output.status).toBe('ended');
    expect((await revoke(owner())).output.status).toBe('ended');
    expect(await codeOf(refresh(output.refreshToken))).toBe('REFRESH_REFUSED');
  });

  it('ends with auth.revoke, refresh token and access token, alone or with all of the user', async () => {
    const user = await newUser();
    const opened = [await login(user.email), await login(user.email), await login(user.email)];
    const [one, two, three] = opened.map(({ output }) => output);
    const revoke = (sessionId: string, all: boolean) =>
      caller.call('auth.revoke', { all }, { principal: { ...asUser(user.id), sessionId } as Principal });
    expect((await revoke(one!.sessionId, false)).output.revoked).toBe(`session:${one!.sessionId}`);
    expect(await codeOf(refresh(one!.refreshToken))).toBe('REFRESH_REFUSED');
    const { refreshToken } = await refresh(two!.refreshToken);
    expect((await revoke(two!.sessionId, true)).output.revoked).toBe(`before:${user.id}`);
    for (const token of [refreshToken, two!.refreshToken, three!.refreshToken])
      expect(await codeOf(refresh(token))).toBe('REFRESH_REFUSED');
    const names = await withdrawals();
    for (const { sessionId } of [one!, two!, three!]) expect(names).toContain(`session:${sessionId}`);
    const elsewhere = { ...asUser(user.id), tenant: 'acme', sessionId: one!.sessionId } as Principal;
    expect(await codeOf(caller.call('auth.revoke', { all: false }, { principal: elsewhere }))).toBe(
      'SESSION_UNKNOWN',
    );
  });

  it('is in the snapshot of the directory when it was ended, and its user always', async () => {
    const user = await newUser();
    const { output } = await login(user.email);
    await caller.call('session.revoke', { id: output.sessionId }, { principal: owner() });
    const entries = await snapshot();
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'withdrawal', name: `session:${output.sessionId}` }),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ kind: 'user', id: user.id, roles: ['auditor'], status: 'active' }),
    );
    expect(JSON.stringify(entries)).not.toContain(user.email);
  });

  it('answers for a session or a user of another tenant exactly as for none', async () => {
    const user = await newUser({}, 'acme');
    const { output } = await login(user.email, { tenant: 'acme' });
    const absent = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
    const asked: [OperationName, string, string][] = [
      ['session.revoke', 'id', output.sessionId],
      ['session.list', 'userId', user.id],
    ];
    for (const principal of [owner(), asUser(absent), agentPrincipal(newAgent().did)]) {
      for (const [name, field, id] of asked) {
        const answer = (value: string) =>
          caller.call(name, { [field]: value } as never, { principal }).catch((error: unknown) => error);
        if (principal.kind === 'user' && name === 'session.list') continue;
        expect([name, await answer(id)]).toEqual([name, await answer(absent)]);
      }
    }
    expect(await codeOf(refresh(output.refreshToken))).toBe('done');
  });
});
