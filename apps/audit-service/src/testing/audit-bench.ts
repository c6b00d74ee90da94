import { join } from 'node:path';
import { type CheckResult, Health, type ServiceBase } from '@concordat/runtime';
import type { Keystore } from '@concordat/keystore';
import { startPostgres } from '@concordat/processes';
import { KEYSTORE } from '@concordat/service';
import { blockingConnection, commandNode, Feed, RedisEventLog, whenReady } from '@concordat/streams';
import { type Bench, type Caller, startBench, startCaller, startEmptyDirectory } from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { AppModule } from '../app.module';
import type { AuditConfig } from '../config';
import { EventSealer } from '../leaf/event-sealer';
import { CheckpointAnchor } from '../log/checkpoint-anchor';
import { LOG_IDENTITY } from '../log/log.module';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { type VerificationResult, verifyDatabase } from '../verification/database-verification';
import { ChainedPublisher } from './chained-publisher';

type StartedPostgres = Awaited<ReturnType<typeof startPostgres>>;

/** audit-service over a real PostgreSQL and a real Redis, and everything that writes to it. */
export interface AuditBench {
  readonly bench: Bench;
  readonly postgres: StartedPostgres;
  readonly caller: Caller;
  readonly log: RedisEventLog;
  /** The durable Redis, for a stranger who reached it. */
  readonly redis: ReturnType<typeof commandNode>;
  readonly vkeyFile: string;
  publisher(source: 'iam' | 'vault', epoch?: number): ChainedPublisher;
  /** A feed or a partition of the bus: every call is another process that writes to it. */
  feed(source: string, now?: () => Date): Feed;
  /** Starts the service, or starts it again. */
  restart(over?: Partial<AuditConfig>): Promise<void>;
  /** Starts a second process of the service on the same data. @returns a function that stops it */
  startSecond(): Promise<() => Promise<void>>;
  /** All that the database holds, straight from it. */
  rows<T>(sql: string): Promise<T[]>;
  keystore(): Keystore;
  /** A part of the running service. */
  part<T>(token: Parameters<INestApplicationContext['get']>[0]): T;
  ownEvents(): OwnEvents;
  store(): AuditStore;
  /** Verifies the database against the log, as the job does. */
  verify(): Promise<VerificationResult>;
  /** Checks of `/health/ready`. */
  checks(): Promise<Readonly<Record<string, CheckResult>>>;
  stop(): Promise<void>;
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
let writers = 0;

export async function startAuditBench(): Promise<AuditBench> {
  const [bench, postgres] = await Promise.all([startBench(), startPostgres()]);
  const { url } = bench.redis.durable;
  const redis = commandNode({ url, name: 'writer' });
  const log = new RedisEventLog(redis, blockingConnection({ url, name: 'writer-reader' }));
  await whenReady(redis, 5_000);
  const [caller, directory] = await Promise.all([startCaller(bench), startEmptyDirectory(bench)]);
  const vkeyFile = join(bench.folder, 'log.vkey');
  let app: INestApplicationContext | undefined;
  let base: ServiceBase = bench.base('audit');
  const start = (on: ServiceBase, over: Partial<AuditConfig>): Promise<INestApplicationContext> => {
    const settings = { ...bench.settings('audit'), databaseUrl: postgres.url, busPartitions: 4, vkeyFile };
    const module = AppModule.for(on, { ...settings, ...over });
    return NestFactory.createApplicationContext(module, { logger: false, abortOnError: false });
  };
  const restart = async (over: Partial<AuditConfig> = {}): Promise<void> => {
    await app?.close();
    base = { ...base, health: new Health() };
    app = await start(base, over);
    base.health.markStarted();
  };
  await restart();
  return {
    ...{ bench, postgres, caller, log, redis, vkeyFile, restart },
    publisher: (source, epoch) => new ChainedPublisher(source, log, bench.signers[source], epoch),
    feed: (source, now = () => new Date()) =>
      new Feed({
        redis,
        source,
        instance: `writer-${++writers}`,
        startedAtMs: 1,
        now,
        sleep,
      }),
    rows: <T>(sql: string) =>
      app!.get(AuditStore, { strict: false }).read((em) => em.getConnection().execute<T[]>(sql)),
    startSecond: async () => {
      const second = await start(bench.base('audit'), { instance: 'audit-2' });
      return () => second.close();
    },
    part: (token) => app!.get(token, { strict: false }),
    keystore: () => app!.get<Keystore>(KEYSTORE, { strict: false }),
    ownEvents: () => app!.get(OwnEvents, { strict: false }),
    store: () => app!.get(AuditStore, { strict: false }),
    verify: () => {
      const part = <T>(token: Parameters<INestApplicationContext['get']>[0]): T =>
        app!.get<T>(token, { strict: false });
      return verifyDatabase({
        store: part(AuditStore),
        sealer: part(EventSealer),
        identity: part(LOG_IDENTITY),
        anchor: part(CheckpointAnchor),
      });
    },
    checks: async () => (await base.health.ready()).checks,
    stop: async () => {
      await app?.close();
      await Promise.all([caller.stop(), directory.stop()]);
      await log.close();
      await Promise.all([bench.stop(), postgres.stop()]);
    },
  };
}
