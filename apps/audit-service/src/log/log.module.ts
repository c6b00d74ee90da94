import { join } from 'node:path';
import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { AUDIT_CONFIG, type AuditConfig } from '../config';
import { AuditStore } from '../store/audit-store';
import { CheckpointAnchor } from './checkpoint-anchor';
import { CheckpointJob } from './checkpoint.job';
import { Covered } from './covered';
import { logHandlers } from './log.handler';
import { type LogIdentity, obtainLogIdentity } from './log-identity';
import { LogReader } from './log-reader';
import { LogWriter } from './log-writer';

export const LOG_HANDLERS = Symbol('LogHandlers');
const LOG_IDENTITY = Symbol('LogIdentity');

@Module({
  providers: [
    Covered,
    {
      provide: LOG_IDENTITY,
      useFactory: ({ dataDir, logOrigin: origin, vkeyFile }: AuditConfig) =>
        obtainLogIdentity({ dataDir, origin, vkeyFile }),
      inject: [AUDIT_CONFIG],
    },
    {
      provide: CheckpointAnchor,
      useFactory: ({ dataDir }: AuditConfig, identity: LogIdentity) =>
        new CheckpointAnchor(join(dataDir, 'checkpoint'), identity),
      inject: [AUDIT_CONFIG, LOG_IDENTITY],
    },
    {
      provide: LogWriter,
      useFactory: (identity: LogIdentity, anchor: CheckpointAnchor) => new LogWriter(identity, anchor),
      inject: [LOG_IDENTITY, CheckpointAnchor],
    },
    { provide: LogReader, useFactory: (store: AuditStore) => new LogReader(store), inject: [AuditStore] },
    {
      provide: CheckpointJob,
      useFactory: (
        store: AuditStore,
        identity: LogIdentity,
        anchor: CheckpointAnchor,
        covered: Covered,
        clock: Clock,
        logger: Logger,
      ) => new CheckpointJob({ store, identity, anchor, covered, clock, logger }),
      inject: [AuditStore, LOG_IDENTITY, CheckpointAnchor, Covered, CLOCK, LOGGER],
    },
    {
      provide: LOG_HANDLERS,
      useFactory: (identity: LogIdentity, covered: Covered, reader: LogReader) =>
        logHandlers({ identity, covered, reader }),
      inject: [LOG_IDENTITY, Covered, LogReader],
    },
  ],
  exports: [LOG_HANDLERS, Covered, CheckpointJob, LogWriter, LogReader],
})
export class LogModule {}
