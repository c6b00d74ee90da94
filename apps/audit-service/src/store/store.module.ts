import { join } from 'node:path';
import { fileRootKey, type Keystore, openKeystore } from '@concordat/keystore';
import type { Clock, Logger, ServiceBase } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER } from '@concordat/service';
import { type EntitySchema } from '@mikro-orm/postgresql';
import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { AuditConfig } from '../config';
import { PendingErasure } from '../erasure/erasure-rows';
import { AuditEvent } from '../event/event-row';
import { SourceCursor } from '../ingest/ingest-rows';
import { EventSealer } from '../leaf/event-sealer';
import { LogCheckpoint, LogEntry, LogState, LogTile } from '../log/log-rows';
import { AuditMessage } from '../message/message-row';
import { AuditStore } from './audit-store';
import { makeOrm } from './orm';

const entities = [
  AuditEvent,
  AuditMessage,
  LogState,
  LogEntry,
  LogTile,
  LogCheckpoint,
  SourceCursor,
  PendingErasure,
] as readonly EntitySchema[];

/** Last of all, when nobody reads or writes any more. */
class StoreCloser implements OnApplicationShutdown {
  constructor(
    private readonly store: AuditStore,
    private readonly keystore: Keystore,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
    await this.keystore.close();
  }
}

/** PostgreSQL, and the keys of what is encrypted in it. */
@Global()
@Module({})
export class StoreModule {
  static for(base: ServiceBase, { databaseUrl, instance, dataDir }: AuditConfig): DynamicModule {
    const openStore = (logger: Logger): AuditStore => {
      const log = (message: string): void => logger.debug({ message }, 'database');
      const store = new AuditStore(makeOrm({ databaseUrl, instance, entities, log }));
      base.health.add('database', async () => {
        await store.ping();
        return { ok: true, detail: 'answers' };
      });
      return store;
    };
    const openKeys = (clock: Clock, logger: Logger): Keystore =>
      openKeystore({
        file: join(dataDir, 'keys.db'),
        root: fileRootKey(join(dataDir, 'root.key'), join(dataDir, 'keys.db'), (message) =>
          logger.warn(message),
        ),
        now: () => clock.now().toISOString(),
        onFailure: (error) => {
          logger.fatal({ error }, 'the keystore can no longer be written');
          process.exit(1);
        },
      });
    return {
      module: StoreModule,
      providers: [
        { provide: AuditStore, useFactory: openStore, inject: [LOGGER] },
        { provide: KEYSTORE, useFactory: openKeys, inject: [CLOCK, LOGGER] },
        {
          provide: EventSealer,
          useFactory: (keystore: Keystore) => new EventSealer(keystore),
          inject: [KEYSTORE],
        },
        {
          provide: StoreCloser,
          useFactory: (store: AuditStore, keystore: Keystore) => new StoreCloser(store, keystore),
          inject: [AuditStore, KEYSTORE],
        },
      ],
      exports: [AuditStore, KEYSTORE, EventSealer],
    };
  }
}
