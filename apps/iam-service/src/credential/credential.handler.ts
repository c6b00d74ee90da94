import type { SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { agentsSeen } from './credential.projection';

export interface CredentialPorts {
  readonly store: Pick<SqliteEventStore, 'write'>;
  readonly clock: Clock;
}

/** The operation `credential.seen`. */
export function credentialHandlers({ store, clock }: CredentialPorts) {
  return {
    'credential.seen': async ({ agents }) => {
      await store.write(agents.length === 0 ? [] : [agentsSeen(agents, clock.now().toISOString())]);
      return { output: {}, position: null };
    },
  } satisfies OperationHandlers;
}
