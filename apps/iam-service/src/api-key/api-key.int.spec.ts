import { join } from 'node:path';
import type { OperationName } from '@concordat/contracts';
import { openDatabase } from '@concordat/sqlite';
import { administrator, type Bench, type Caller, startBench, startCaller } from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';
import { recordApiKeyUse } from './api-key.projection';

describe('an API key', () => {
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

  it('is one of its own in every tenant, also when one command made them', async () => {
    const options = { commandId: 'c'.repeat(43) };
    const make = async (tenant: string) =>
      (await caller.call('apiKey.create', { name: 'a', scopes: ['read'], tenant }, options)).output;
    expect((await make('acme')).id).not.toBe((await make('globex')).id);
  });

  it('gives no scope that its maker does not have', async () => {
    const principal = { ...administrator(), scopes: ['admin' as const] };
    const make = (scope: 'read' | 'write' | 'admin' | 'governance' | 'workflows') =>
      caller.call('apiKey.create', { name: 'g', scopes: [scope] }, { principal }).then(
        () => 'made',
        ({ code }: { code: string }) => code,
      );
    expect(
      await Promise.all((['read', 'write', 'admin', 'governance', 'workflows'] as const).map(make)),
    ).toEqual([...['made', 'made', 'made'], ...['SCOPE_MISSING', 'SCOPE_MISSING']]);
  });

  const codeOf = (answer: Promise<unknown>): Promise<string> =>
    answer.then(
      () => 'done',
      ({ code }: { code: string }) => code,
    );
  const create = async (over: object = {}, options: object = {}) =>
    (await caller.call('apiKey.create', { name: 'ci', scopes: ['read'], ...over }, options)).output;

  it('is read and listed without its secret, page by page, by what it has come to', async () => {
    const principal = administrator('listing');
    const keys = [
      await create({}, { principal }),
      await create({}, { principal }),
      await create({}, { principal }),
    ];
    await caller.call('apiKey.revoke', { id: keys[1]!.id }, { principal });
    const { output: one } = await caller.call('apiKey.get', { id: keys[0]!.id }, { principal });
    const { key: _, ...facts } = keys[0]!;
    expect(one).toEqual(facts);
    const list = async (filter: object) => (await caller.call('apiKey.list', filter, { principal })).output;
    const first = await list({ limit: 2 });
    const rest = await list({ limit: 2, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items].map(({ id }) => id).sort()).toEqual(
      keys.map(({ id }) => id).sort(),
    );
    expect(rest.nextCursor).toBeNull();
    expect((await list({ status: 'revoked' })).items.map(({ id }) => id)).toEqual([keys[1]!.id]);
    expect((await list({ status: 'active' })).items).toHaveLength(2);
    expect((await list({ status: 'expired' })).items).toEqual([]);
    expect(JSON.stringify([one, first, rest])).not.toMatch(/hash|[0-9a-f]{64}/);
    expect(await codeOf(list({ cursor: 'nonsense' }))).toBe('INPUT_INVALID');
  });

  it('is replaced by a new one, shown once, with the life of the old one; the chain can be followed', async () => {
    const old = await create({ expiresInSeconds: 86_400 });
    const input = { id: old.id, overlapSeconds: 60 };
    const { output: next } = await caller.call('apiKey.rotate', input, { commandId: 'r1' });
    expect(next).toMatchObject({
      name: 'ci',
      scopes: ['read'],
      rotatedFrom: old.id,
      rotatedTo: null,
      status: 'active',
    });
    expect(Date.parse(next.expiresAt!) - Date.parse(next.createdAt)).toBeGreaterThan(86_390_000);
    const { output: before } = await caller.call('apiKey.get', { id: old.id });
    expect(before.rotatedTo).toBe(next.id);
    expect(Date.parse(before.expiresAt!) - Date.now()).toBeLessThanOrEqual(60_000);
    expect(await codeOf(caller.call('apiKey.rotate', input, { commandId: 'r1' }))).toBe(
      'SECRET_ALREADY_SHOWN',
    );
    expect(await codeOf(caller.call('apiKey.rotate', input))).toBe('API_KEY_ENDED');
    const { output: third } = await caller.call('apiKey.rotate', { id: next.id, overlapSeconds: 0 });
    expect(third.rotatedFrom).toBe(next.id);
    expect((await caller.call('apiKey.get', { id: next.id })).output.status).toBe('expired');
    await caller.call('apiKey.revoke', { id: third.id });
    expect(await codeOf(caller.call('apiKey.rotate', { id: third.id }))).toBe('API_KEY_ENDED');
  });

  it('is replaced once by many who ask at the same time', async () => {
    const { id } = await create();
    const asked = Array.from({ length: 5 }, () => codeOf(caller.call('apiKey.rotate', { id })));
    expect((await Promise.all(asked)).sort()).toEqual([...Array<string>(4).fill('API_KEY_ENDED'), 'done']);
    const one = await create();
    const same = Array.from({ length: 3 }, () =>
      codeOf(caller.call('apiKey.rotate', { id: one.id }, { commandId: 'r2' })),
    );
    expect((await Promise.all(same)).sort()).toEqual([
      ...Array<string>(2).fill('SECRET_ALREADY_SHOWN'),
      'done',
    ]);
  });

  it('is not replaced by who could not have made it', async () => {
    const principal = { ...administrator(), scopes: ['read', 'write', 'admin', 'governance'] as const };
    const { id } = await create({ scopes: ['governance'] }, { principal });
    expect(await codeOf(caller.call('apiKey.rotate', { id }))).toBe('SCOPE_MISSING');
  });

  it('remembers when it was last used, to the minute, whatever order reports come in', async () => {
    const { id } = await create();
    const db = openDatabase(join(bench.folder, 'iam', 'iam.db'));
    const report = (at: string, tenant = 'default') => {
      for (const { sql, params } of recordApiKeyUse([{ tenant, id, at }])) db.prepare(sql).run(params);
    };
    for (const at of ['2026-01-01T00:05:31.123Z', '2026-01-01T00:04:00.000Z', '2026-01-01T00:05:59.000Z'])
      report(at);
    report('2027-01-01T00:00:00.000Z', 'acme');
    db.close();
    expect((await caller.call('apiKey.get', { id })).output.lastUsedAt).toBe('2026-01-01T00:05:00.000Z');
  });

  it('of another tenant is answered for exactly as none', async () => {
    const { id } = await create({}, { principal: administrator('acme') });
    const absent = 'f'.repeat(16);
    const asked: OperationName[] = ['apiKey.get', 'apiKey.rotate', 'apiKey.revoke'];
    for (const name of asked) {
      const answer = (value: string) =>
        caller.call(name, { id: value } as never).catch((error: unknown) => error);
      expect([name, await answer(id)]).toEqual([name, await answer(absent)]);
    }
  });
});
