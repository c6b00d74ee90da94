import { SessionEnded, type SessionEvent } from '@concordat/contracts';
import { type Changes, made } from './kind';

export const sessionName = (tenant: string, id: string): string => `session ${tenant} ${id}`;

/** Only ends are kept: a token of a session that lives says everything that a door must know of it. */
export const sessionChanges: Changes<Extract<SessionEvent, { type: typeof SessionEnded.type }>> = {
  [SessionEnded.type]: ({ id }, { tenant, time }) =>
    made(sessionName(tenant, id), { kind: 'session', tenant, id, endedAt: time }),
};
