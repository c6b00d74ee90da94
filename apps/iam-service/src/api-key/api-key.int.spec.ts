import { administrator, type Bench, type Caller, startBench, startCaller } from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';

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
});
