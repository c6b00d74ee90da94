import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closedLoop } from '@concordat/testing';
import Redis from 'ioredis';
import type { System } from './system';

/** In one pipeline. */
export const rawXaddPipeline = 100;
/** Pipelines under way. */
export const rawXaddLanes = 4;

const key = 'bench:raw';

/**
 * Entries per second that the durable Redis of a running system takes from one connection, with nothing but a payload.
 * @param bytes of the payload
 */
export async function rawXaddPerS(system: System, bytes: number, seconds: number): Promise<number> {
  const redis = new Redis(readFileSync(join(system.folder, 'redis', 'url'), 'utf8').trim());
  const payload = 'x'.repeat(bytes);
  try {
    const { latenciesMs, elapsedMs } = await closedLoop({
      ...{ concurrency: rawXaddLanes, seconds, warmUpSeconds: seconds / 4 },
      send: async () => {
        const pipeline = redis.pipeline();
        for (let i = 0; i < rawXaddPipeline; i++) pipeline.xadd(key, '*', 'payload', payload);
        for (const [error] of (await pipeline.exec())!) if (error) throw error;
      },
    });
    await redis.unlink(key);
    return (latenciesMs.length * rawXaddPipeline * 1_000) / elapsedMs;
  } finally {
    redis.disconnect();
  }
}
