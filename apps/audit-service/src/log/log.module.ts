import { join } from 'node:path';
import { openNote } from '@concordat/crypto';
import type { Logger } from '@concordat/runtime';
import { LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { AUDIT_CONFIG, type AuditConfig } from '../config';
import { AuditStore } from '../store/audit-store';
import { Cosignatures } from '../witness/cosignatures';
import { CheckpointAnchor } from './checkpoint-anchor';
import { CheckpointJob } from './checkpoint.job';
import { Covered } from './covered';
import { logHandlers } from './log.handler';
import { type LogIdentity, obtainLogIdentity } from './log-identity';
import { LogReader } from './log-reader';
import { LogWriter } from './log-writer';

export const LOG_HANDLERS = Symbol('LogHandlers');
export const LOG_IDENTITY = Symbol('LogIdentity');

@Module({
  providers: [
    Covered,
    Cosignatures,
    {
      provide: LOG_IDENTITY,
      useFactory: ({ dataDir, logOrigin: origin, vkeyFile }: AuditConfig) =>
        obtainLogIdentity({ dataDir, origin, vkeyFile }),
      inject: [AUDIT_CONFIG],
    },
    {
      provide: CheckpointAnchor,
      useFactory: ({ dataDir }: AuditConfig, identity: LogIdentity) =>
        new CheckpointAnchor(join(dataDir, 'checkpoint'), (note) => openNote(note, identity.signer)),
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
        logger: Logger,
      ) => new CheckpointJob({ store, identity, anchor, covered, logger }),
      inject: [AuditStore, LOG_IDENTITY, CheckpointAnchor, Covered, LOGGER],
    },
    {
      provide: LOG_HANDLERS,
      useFactory: (identity: LogIdentity, covered: Covered, cosignatures: Cosignatures, reader: LogReader) =>
        logHandlers({ identity, covered, cosignatures, reader }),
      inject: [LOG_IDENTITY, Covered, Cosignatures, LogReader],
    },
  ],
  exports: [
    LOG_HANDLERS,
    LOG_IDENTITY,
    CheckpointAnchor,
    Covered,
    Cosignatures,
    CheckpointJob,
    LogWriter,
    LogReader,
  ],
})
export class LogModule {}
