import { randomBytes } from 'node:crypto';
import { ConcordatError, VerificationStarted } from '@concordat/contracts';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { causedBy, type OwnEvents } from '../own-event/own-events';
import type { AuditStore } from '../store/audit-store';
import type { VerificationJob } from './verification.job';
import { VerificationEntity, type VerificationRow } from './verification-row';

export interface VerificationHandlerPorts {
  readonly store: AuditStore;
  readonly ownEvents: OwnEvents;
  readonly job: VerificationJob;
  readonly clock: Clock;
}

/** A job that has said nothing for so long is no more. */
const silenceMs = 30_000;

/** The operations `audit.startVerification` and `audit.verification`, for operators (tenant default, by policy). */
export function verificationHandlers({ store, ownEvents, job, clock }: VerificationHandlerPorts) {
  return {
    'audit.startVerification': async (input, context) => {
      let started: string | undefined;
      const result = await ownEvents.command(context, input, async (em, append) => {
        const id = (started = `ver_${randomBytes(16).toString('hex')}`);
        const now = clock.now();
        const fresh = {
          status: 'running',
          startedAt: now,
          seenAt: now,
          finishedAt: null,
          phase: null,
        } as const;
        await em.insert(VerificationEntity, { id, ...fresh, checked: 0, size: 0, faultCount: 0, faults: [] });
        append({ spec: VerificationStarted, ...causedBy(context), data: { verificationId: id } });
        return { id };
      });
      // A repetition is answered with the one that runs.
      if (result.output.id === started) job.begin(started);
      return result;
    },
    'audit.verification': async ({ id }) => {
      const row = await store.read((em) => em.findOne(VerificationEntity, { id }));
      if (!row) throw new ConcordatError('NOT_FOUND', 'There is no such verification.');
      return { output: viewOf(row, clock.now()), position: null };
    },
  } satisfies OperationHandlers;
}

function viewOf({ seenAt, startedAt, finishedAt, faults, status, ...row }: VerificationRow, now: Date) {
  const isSilent = status === 'running' && now.getTime() - seenAt.getTime() > silenceMs;
  return {
    ...row,
    status: isSilent ? ('interrupted' as const) : status,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    faults: [...faults],
  };
}
