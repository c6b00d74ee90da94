import { SessionEnded, type SessionEvent, sessionWithdrawal } from '@concordat/contracts';
import { type Changes, made } from './kind';
import { withdrawalName } from './withdrawal-entries';

/** Only ends are kept, and no longer than tokens live: of a session that lives its token says everything. */
export const sessionChanges: Changes<Extract<SessionEvent, { type: typeof SessionEnded.type }>> = {
  [SessionEnded.type]: ({ id }, { tenant, at, time }) => {
    const { name, until } = sessionWithdrawal(id, time);
    return made(withdrawalName(tenant, name), { kind: 'withdrawal', tenant, name, position: at, until });
  },
};
