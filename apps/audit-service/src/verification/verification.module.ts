import type { Clock, Logger } from '@concordat/runtime';
import { CLOCK, LOGGER } from '@concordat/service';
import { Module } from '@nestjs/common';
import { EventSealer } from '../leaf/event-sealer';
import { CheckpointAnchor } from '../log/checkpoint-anchor';
import { LOG_IDENTITY, LogModule } from '../log/log.module';
import type { LogIdentity } from '../log/log-identity';
import { OwnEvents } from '../own-event/own-events';
import { AuditStore } from '../store/audit-store';
import { verificationHandlers } from './verification.handler';
import { VerificationJob } from './verification.job';

export const VERIFICATION_HANDLERS = Symbol('VerificationHandlers');

/** The database against the signed log. */
@Module({
  imports: [LogModule],
  providers: [
    {
      provide: VerificationJob,
      useFactory: (
        store: AuditStore,
        sealer: EventSealer,
        identity: LogIdentity,
        anchor: CheckpointAnchor,
        ownEvents: OwnEvents,
        clock: Clock,
        logger: Logger,
      ) => new VerificationJob({ store, sealer, identity, anchor, ownEvents, clock, logger }),
      inject: [AuditStore, EventSealer, LOG_IDENTITY, CheckpointAnchor, OwnEvents, CLOCK, LOGGER],
    },
    {
      provide: VERIFICATION_HANDLERS,
      useFactory: (store: AuditStore, ownEvents: OwnEvents, job: VerificationJob, clock: Clock) =>
        verificationHandlers({ store, ownEvents, job, clock }),
      inject: [AuditStore, OwnEvents, VerificationJob, CLOCK],
    },
  ],
  exports: [VERIFICATION_HANDLERS],
})
export class VerificationModule {}
