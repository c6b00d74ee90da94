import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import type { NoteSigner } from '@concordat/crypto';
import { Module } from '@nestjs/common';
import { AUDIT_CONFIG, type AuditConfig } from '../config';
import { Covered } from '../log/covered';
import { LOG_IDENTITY, LogModule } from '../log/log.module';
import type { LogIdentity } from '../log/log-identity';
import { LogReader } from '../log/log-reader';
import { AuditStore } from '../store/audit-store';
import { Cosignatures } from './cosignatures';
import { Witness } from './witness';
import { WitnessAnchors } from './witness-anchors';
import { witnessHandlers } from './witness.handler';
import { obtainWitnessIdentity, readWitnessedLogs, readWitnesses } from './witness-settings';
import { WitnessSubmissionJob } from './witness-submission.job';

export const WITNESS_HANDLERS = Symbol('WitnessHandlers');
const WITNESS_SIGNER = Symbol('WitnessSigner');

/** A witness of other logs, and the witnesses of ours. */
@Module({
  imports: [LogModule],
  providers: [
    {
      provide: WITNESS_SIGNER,
      useFactory: ({ dataDir }: AuditConfig, { origin }: LogIdentity) =>
        obtainWitnessIdentity(dataDir, origin),
      inject: [AUDIT_CONFIG, LOG_IDENTITY],
    },
    {
      provide: WITNESS_HANDLERS,
      useFactory: (
        { witnessedLogsFile, dataDir }: AuditConfig,
        store: AuditStore,
        signer: NoteSigner,
        clock: Clock,
      ) => {
        const logs = readWitnessedLogs(witnessedLogsFile);
        const anchors = new WitnessAnchors(dataDir, signer);
        return witnessHandlers(new Witness({ store, signer, logs, anchors, clock }), signer);
      },
      inject: [AUDIT_CONFIG, AuditStore, WITNESS_SIGNER, CLOCK],
    },
    {
      provide: WitnessSubmissionJob,
      useFactory: (
        { witnessesFile }: AuditConfig,
        store: AuditStore,
        covered: Covered,
        reader: LogReader,
        cosignatures: Cosignatures,
        clock: Clock,
        logger: Logger,
      ) => {
        const witnesses = readWitnesses(witnessesFile);
        return new WitnessSubmissionJob({ witnesses, store, covered, reader, cosignatures, clock, logger });
      },
      inject: [AUDIT_CONFIG, AuditStore, Covered, LogReader, Cosignatures, CLOCK, LOGGER],
    },
  ],
  exports: [WITNESS_HANDLERS],
})
export class WitnessModule {}
