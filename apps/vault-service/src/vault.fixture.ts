import { join } from 'node:path';
import { fromEntryFields, type EventEnvelope, isConcordatError } from '@concordat/contracts';
import { createLogger, Health, type ServiceBase } from '@concordat/runtime';
import { commandNode, streamKeys, whenReady } from '@concordat/streams';
import {
  agentPrincipal,
  type Bench,
  type Caller,
  newAgent,
  startBench,
  startCaller,
  startEmptyDirectory,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from './app.module';

type Redis = ReturnType<typeof commandNode>;

/** A running vault-service, and what tests look at from outside. */
export interface VaultBench {
  readonly bench: Bench;
  readonly caller: Caller;
  /** To the durable Redis. */
  readonly redis: Redis;
  /** Everything that the service has logged, at every level. */
  readonly logLines: readonly string[];
  /** `vault.db`, `keys.db`, `root.key` */
  file(name: string): string;
  /** What is in a stream of events at this moment, without waiting. */
  published(source: 'vault' | 'vault.feed'): Promise<EventEnvelope[]>;
  /** Stops the service, runs `between`, starts it again. */
  restart(between?: () => Promise<void> | void): Promise<void>;
  stop(): Promise<void>;
}

export async function startVault(): Promise<VaultBench> {
  const bench = await startBench();
  const logLines: string[] = [];
  const destination = { write: (line: string) => void logLines.push(line) };
  const base = (): ServiceBase => ({
    logger: createLogger({ service: 'vault-service', instance: 'vault-1', level: 'trace', destination }),
    health: new Health(),
  });
  const start = (): Promise<INestApplicationContext> =>
    NestFactory.createApplicationContext(AppModule.for(base(), bench.settings('vault')), {
      logger: false,
      abortOnError: false,
    });
  const directory = await startEmptyDirectory(bench);
  let app = await start();
  const caller = await startCaller(bench);
  const redis = commandNode({ url: bench.redis.durable.url, name: 'test' });
  await whenReady(redis, 5_000);
  return {
    ...{ bench, caller, redis, logLines },
    file: (name) => join(bench.folder, 'vault', name),
    published: async (source) =>
      (await redis.xrange(streamKeys.events(source), '-', '+')).map(([id, fields]) =>
        fromEntryFields(id, fields),
      ),
    restart: async (between) => {
      await app.close();
      await between?.();
      app = await start();
    },
    stop: async () => {
      await caller.stop();
      await app.close();
      await directory.stop();
      redis.disconnect();
      await bench.stop();
    },
  };
}

/** An agent as the gateway has proven it. */
export function newPrincipal(tenant?: string) {
  const { did } = newAgent();
  return { did, principal: agentPrincipal(did, tenant) };
}

/** The code of a refusal and its words. @throws Error when it was not refused */
export async function refusalOf(asked: Promise<unknown>): Promise<{ code: string; detail: string }> {
  const answer = await asked.then(
    () => new Error('it was accepted'),
    (error: unknown) => error,
  );
  if (!isConcordatError(answer)) throw answer;
  return { code: answer.code, detail: answer.detail };
}
