import { startRedis } from '@concordat/processes';
import { commandNode, whenReady } from '@concordat/streams';
import type Redis from 'ioredis';
import { SharedProofs } from './shared-proofs';
import { SpentProofs } from './spent-proofs';

describe('a proof of a key, where gateways tell one another', () => {
  const nowMs = 1_000_000;
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ flavour: 'volatile' });
    redis = commandNode({ url: server.url, name: 'test' });
    await whenReady(redis, 5_000);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const gateway = () => new SharedProofs(new SpentProofs(() => nowMs), redis, () => nowMs);
  const proof = (id: string) => ({ keyThumbprint: 'k', id, endsMs: nowMs + 5_000 });

  it('is taken once, at one of them, however many it is sent to at once', async () => {
    const gateways = Array.from({ length: 5 }, gateway);
    const taken = await Promise.allSettled(gateways.map((one) => one.spend(proof('k once'))));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(gateway().spend(proof('k once'))).rejects.toMatchObject({ code: 'PROOF_INVALID' });
    await gateway().spend(proof('k another'));
  });

  it('is remembered as long as any of them would take it, and no longer', async () => {
    await gateway().spend(proof('k timed'));
    const kept = await Promise.all((await redis.keys('*')).map((key) => redis.pttl(key)));
    for (const ms of kept) expect(ms).toBeGreaterThan(0);
    expect(Math.max(...kept)).toBeLessThanOrEqual(10_000);
  });

  it('is not taken when nobody can say whether it was', async () => {
    const away = { set: () => Promise.reject(new Error('Connection is closed.')) } as unknown as Redis;
    const asked = new SharedProofs(new SpentProofs(() => nowMs), away, () => nowMs).spend(proof('k away'));
    await expect(asked).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
  });
});
