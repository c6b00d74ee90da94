import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OperationName, Principal, Role } from '@concordat/contracts';
import { SqliteEventStore } from '@concordat/eventsourcing';
import {
  administrator,
  agentPrincipal,
  type Bench,
  type Caller,
  eventually,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';

const password = 'a heron over the lake';
const everything = ['read', 'write', 'admin', 'governance', 'workflows'] as const;
const owner = (tenant = 'default'): Principal =>
  ({ ...administrator(tenant), scopes: [...everything] }) as Principal;

describe('users over real Redis and SQLite', () => {
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

  let addresses = 0;
  const newEmail = (): string => `user-${++addresses}@example.org`;
  const create = (over: object = {}, options: object = {}) =>
    caller.call(
      'user.create',
      { email: newEmail(), name: 'Ada', roles: ['user'], ...over },
      { principal: owner(), ...options },
    );
  const codeOf = (answer: Promise<unknown>): Promise<string> =>
    answer.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );
  const asUser = (id: string, roles: Role[] = ['user'], over: object = {}): Principal =>
    ({
      kind: 'user',
      tenant: 'default',
      id,
      roles,
      scopes: ['read'],
      tokenId: 't',
      sessionId: 's',
      ...over,
    }) as Principal;
  const inFiles = (text: string): boolean =>
    readdirSync(join(bench.folder, 'iam')).some((name) =>
      readFileSync(join(bench.folder, 'iam', name)).includes(text),
    );

  it('creates a user, gives it back, and lists it by its address however that is written', async () => {
    const { output } = await create({ email: ' Ada.L@EXAMPLE.org ', roles: ['sre', 'user'] });
    expect(output).toMatchObject({ email: 'ada.l@example.org', status: 'active', hasPassword: false });
    expect((await caller.call('user.get', { id: output.id })).output).toEqual(output);
    const list = async (filter: object) => (await caller.call('user.list', filter)).output.items;
    expect(await list({ email: 'ADA.l@example.ORG' })).toEqual([output]);
    expect((await list({ role: 'sre' })).map(({ id }) => id)).toContain(output.id);
    expect((await list({ role: 'auditor' })).map(({ id }) => id)).not.toContain(output.id);
    expect(await list({ status: 'disabled' })).toEqual([]);
  });

  it('pages through the list without losing or repeating one', async () => {
    const made = [await create(), await create(), await create()].map(({ output }) => output.id);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await caller.call('user.list', { limit: 2, ...(cursor && { cursor }) });
      seen.push(...page.output.items.map(({ id }) => id));
      cursor = page.output.nextCursor ?? undefined;
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual(expect.arrayContaining(made));
    expect(await codeOf(caller.call('user.list', { cursor: 'nonsense' }))).toBe('INPUT_INVALID');
  });

  it('gives an address once in a tenant, also to many who ask at the same time, and again after an erasure', async () => {
    const email = newEmail();
    const asked = Array.from({ length: 8 }, () => codeOf(create({ email })));
    expect((await Promise.all(asked)).sort()).toEqual(
      [...Array<string>(7).fill('EMAIL_TAKEN'), 'done'].sort(),
    );
    expect(await codeOf(create({ email }, { principal: owner('elsewhere') }))).toBe('done');
    const { output } = await create();
    expect(await codeOf(caller.call('user.update', { id: output.id, email }))).toBe('EMAIL_TAKEN');
    const [holder] = (await caller.call('user.list', { email })).output.items;
    await caller.call('user.erase', { id: holder!.id });
    expect(await codeOf(create({ email }))).toBe('done');
  });

  it('answers a repeated creation as it was, also when both come at the same time', async () => {
    const input = { email: newEmail() };
    const [one, two] = await Promise.all([
      create(input, { commandId: 'u1' }),
      create(input, { commandId: 'u1' }),
    ]);
    expect(one.output).toEqual(two.output);
    await caller.call('user.update', { id: one.output.id, name: 'Other' });
    expect((await create(input, { commandId: 'u1' })).output).toEqual(one.output);
    expect(await codeOf(create({}, { commandId: 'u1' }))).toBe('IDEMPOTENCY_KEY_REUSED');
    const secret = { email: newEmail(), password };
    await create(secret, { commandId: 'u2' });
    // A password costs what it should; on a busy machine that may be more than an answer may take.
    await eventually(async () => expect(await codeOf(create(secret, { commandId: 'u2' }))).toBe('done'));
    const other = { ...secret, password: 'another heron, another lake' };
    await eventually(async () =>
      expect(await codeOf(create(other, { commandId: 'u2' }))).toBe('IDEMPOTENCY_KEY_REUSED'),
    );
  });

  it('keeps address, name and hash out of what is published, and everything out of the files after an erasure', async () => {
    const { output } = await create({ email: 'canary-4711@example.org', name: 'Canary Bird', password });
    const published = (await app.get(SqliteEventStore).readAfter(0, 10_000)).map(
      ({ data, subject }) => data + subject,
    );
    for (const secret of ['canary-4711', 'Canary Bird', password, '$scrypt$'])
      expect(published.filter((text) => text.includes(secret))).toEqual([]);
    expect(inFiles('canary-4711')).toBe(true);
    const erased = await caller.call('user.erase', { id: output.id }, { commandId: 'e1' });
    expect((await caller.call('user.erase', { id: output.id }, { commandId: 'e1' })).output).toEqual(
      erased.output,
    );
    for (const secret of ['canary-4711', 'Canary Bird', '$scrypt$']) expect(inFiles(secret)).toBe(false);
    expect((await caller.call('user.get', { id: output.id })).output).toMatchObject({
      ...{ status: 'erased', email: null, name: null, hasPassword: false },
    });
    expect(await codeOf(caller.call('user.update', { id: output.id, name: 'x' }))).toBe('USER_ERASED');
    expect(await codeOf(caller.call('user.setPassword', { id: output.id, password }))).toBe('USER_ERASED');
  });

  it('gives no role beyond the giver, raises nobody by his own hand, and lets nobody be taken over from below', async () => {
    const lesser = { principal: administrator() };
    expect(await codeOf(create({ roles: ['admin'] }, lesser))).toBe('SCOPE_MISSING');
    expect(await codeOf(create({ roles: ['developer'] }, lesser))).toBe('SCOPE_MISSING');
    expect(await codeOf(create({ roles: ['sre'] }, lesser))).toBe('done');
    const { output: chief } = await create({ roles: ['admin'], password });
    const { id } = chief;
    expect(
      await codeOf(caller.call('user.setPassword', { id, password: 'x'.repeat(3) + password }, lesser)),
    ).toBe('SCOPE_MISSING');
    expect(await codeOf(caller.call('user.update', { id, email: newEmail() }, lesser))).toBe('SCOPE_MISSING');
    expect(await codeOf(caller.call('user.update', { id, status: 'disabled' }, lesser))).toBe('done');
    expect(await codeOf(caller.call('user.update', { id, status: 'active' }, lesser))).toBe('SCOPE_MISSING');
    const self = { principal: asUser(id, ['admin'], { scopes: everything }) };
    expect(await codeOf(caller.call('user.update', { id, roles: ['admin', 'sre'] }, self))).toBe(
      'SCOPE_MISSING',
    );
    expect(await codeOf(caller.call('user.update', { id, roles: ['user'] }, self))).toBe('SCOPE_MISSING');
  });

  it('shows a user to itself and to administrators, and to nobody else', async () => {
    const { output } = await create();
    const ask = (principal: Principal) => codeOf(caller.call('user.get', { id: output.id }, { principal }));
    expect(await ask(asUser(output.id))).toBe('done');
    expect(await ask(asUser((await create()).output.id))).toBe('POLICY_DENIED');
    expect(await ask(agentPrincipal(newAgent().did))).toBe('POLICY_DENIED');
  });

  it("sets a password of one's own only with the current one, and counts the guesses", async () => {
    const { output } = await create({ password });
    const next = 'two herons over the lake';
    const set = (over: object, principal = asUser(output.id)) =>
      codeOf(caller.call('user.setPassword', { id: output.id, password: next, ...over }, { principal }));
    expect(await set({})).toBe('PASSWORD_WRONG');
    expect(await set({ currentPassword: 'a heron over the lakes' })).toBe('PASSWORD_WRONG');
    expect(await set({ password: 'short' })).toBe('PASSWORD_UNACCEPTABLE');
    expect(await set({ currentPassword: password }, asUser((await create()).output.id))).toBe(
      'POLICY_DENIED',
    );
    expect(await set({ currentPassword: password })).toBe('done');
    for (let guess = 1; guess <= 5; guess++) await set({ currentPassword: password });
    expect(await set({ currentPassword: next })).toBe('PASSWORD_WRONG');
    expect((await caller.call('user.get', { id: output.id })).output.lockedUntil).not.toBeNull();
    expect(await set({}, owner())).toBe('done');
    expect((await caller.call('user.get', { id: output.id })).output.lockedUntil).toBeNull();
    expect(await set({ currentPassword: next })).toBe('done');
  });

  it('sets a password once for one command, also when the answer was lost', async () => {
    const { output } = await create({ password });
    const next = 'two herons over the lake';
    const set = (wanted: string, commandId: string) =>
      codeOf(
        caller.call(
          'user.setPassword',
          { id: output.id, password: wanted, currentPassword: password },
          { principal: asUser(output.id), commandId },
        ),
      );
    expect(await set(next, 'p1')).toBe('done');
    expect(await set(next, 'p1')).toBe('done');
    expect(await set('three herons over the lake', 'p1')).toBe('IDEMPOTENCY_KEY_REUSED');
    expect(await set(next, 'p2')).toBe('PASSWORD_WRONG');
  });

  it('hashes anew, with the login, what was hashed with less work, and ends no session by it', async () => {
    const email = newEmail();
    const { output } = await create({ email, password });
    const causes = async () =>
      (await app.get(SqliteEventStore).readStream('default', `user/${output.id}`))
        .map(({ data }) => (JSON.parse(data) as { cause?: string }).cause)
        .filter((cause) => cause !== undefined);
    await app.close();
    app = await startIam(bench, 16);
    const login = async () => (await caller.call('session.open', { email, password, source: '' })).output;
    const { refreshToken } = await eventually(login);
    await eventually(async () => expect(await causes()).toEqual(['set', 'rehashed']));
    await login();
    expect(await causes()).toEqual(['set', 'rehashed']);
    await caller.call('session.refresh', { refreshToken });
  });

  it('answers for a user of another tenant exactly as for none', async () => {
    const { output } = await create({ password }, { principal: owner('acme') });
    const absent = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';
    const asked: [OperationName, object][] = [
      ['user.get', {}],
      ['user.update', { name: 'x' }],
      ['user.update', { roles: ['admin'] }],
      ['user.update', { status: 'disabled' }],
      ['user.setPassword', { password }],
      ['user.setPassword', { password: 'short' }],
      ['user.erase', {}],
    ];
    const somebody = asUser('0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5b');
    for (const principal of [owner(), administrator(), somebody, agentPrincipal(newAgent().did)]) {
      for (const [name, input] of asked) {
        const answer = (id: string) =>
          caller.call(name, { ...input, id } as never, { principal }).catch((error: unknown) => error);
        expect([name, await answer(output.id)]).toEqual([name, await answer(absent)]);
      }
    }
    expect((await caller.call('user.list', { email: output.email! })).output.items).toEqual([]);
  });
});
