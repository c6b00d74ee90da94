import { join } from 'node:path';
import { fileRootKey, type Keystore, openKeystore } from '@concordat/keystore';
import type { Clock, Logger, ServiceBase } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER } from '@concordat/service';
import { type EntitySchema } from '@mikro-orm/postgresql';
import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { AnomalyEntity, AnomalySettingsEntity } from '../anomaly/anomaly-rows';
import type { AuditConfig } from '../config';
import { Erasure } from '../erasure/erasure-rows';
import { AuditEvent } from '../event/event-row';
import { GovernanceLog, GovernanceMetric, WorkflowExecution } from '../governance/record-rows';
import { SourceCursor } from '../ingest/ingest-rows';
import { EventSealer } from '../leaf/event-sealer';
import { LogCheckpoint, LogEntry, LogState, LogTile } from '../log/log-rows';
import { MessagePlace } from '../message/message-place';
import { AuditMessage } from '../message/message-row';
import { OwnCommand, OwnEventEntity, OwnHead } from '../own-event/own-event-rows';
import { LegalHoldEntity } from '../retention/legal-hold';
import { RetentionPartition, RetentionSetting } from '../retention/retention-rows';
import { VerificationEntity } from '../verification/verification-row';
import { LogCosignature, WitnessedLog } from '../witness/witness-rows';
import { AuditStore } from './audit-store';
import { jobLimits, makeOrm } from './orm';
import { checkDatabase, poolStatus, showPools } from './pool-metrics';

const entities = [
  AuditEvent,
  AuditMessage,
  LogState,
  LogEntry,
  LogTile,
  LogCheckpoint,
  SourceCursor,
  Erasure,
  VerificationEntity,
  WitnessedLog,
  LogCosignature,
  OwnHead,
  OwnEventEntity,
  OwnCommand,
  RetentionSetting,
  RetentionPartition,
  MessagePlace,
  GovernanceLog,
  GovernanceMetric,
  WorkflowExecution,
  LegalHoldEntity,
  AnomalyEntity,
  AnomalySettingsEntity,
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
      const options = { databaseUrl, instance, entities, log };
      const orms = { requests: makeOrm(options), jobs: makeOrm({ ...options, pool: 'jobs' }, jobLimits) };
      const store = new AuditStore(orms.requests, orms.jobs);
      const pools = () => ({ requests: poolStatus(orms.requests), jobs: poolStatus(orms.jobs) });
      showPools(pools);
      base.health.add('database', () => checkDatabase(store, pools));
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
