import { administrator, type Bench, type Caller, startBench, startCaller } from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { startIam } from '../iam.fixture';

describe('when API keys were last used', () => {
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

  it('moves forward by reports, to the minute, in the tenant of the key, and not beyond now', async () => {
    const options = { principal: administrator('default') };
    const { output: key } = await caller.call('apiKey.create', { name: 'used', scopes: ['read'] }, options);
    const lastUsed = async (): Promise<string | null> =>
      (await caller.call('apiKey.get', { id: key.id }, options)).output.lastUsedAt;
    const used = (time: string, tenant = 'default') =>
      caller.call('credential.seen', { agents: [], apiKeys: [{ tenant, id: key.id, at: time }] });
    await used('2026-01-01T00:00:07.000Z', 'nowhere');
    expect(await lastUsed()).toBeNull();
    await used('2026-01-01T00:01:07.000Z');
    await used('2026-01-01T00:00:07.000Z');
    expect(await lastUsed()).toBe('2026-01-01T00:01:00.000Z');
    await used('2999-01-01T00:00:00.000Z');
    expect(Date.parse((await lastUsed())!)).toBeLessThanOrEqual(Date.now());
  });
});
