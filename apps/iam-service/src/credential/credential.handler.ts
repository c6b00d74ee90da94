import type { SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { recordApiKeyUse } from '../api-key/api-key.projection';
import { earlierOf } from '../times';
import { agentsSeen } from './credential.projection';

export interface CredentialPorts {
  readonly store: Pick<SqliteEventStore, 'write'>;
  readonly clock: Clock;
}

/** The operation `credential.seen`. */
export function credentialHandlers({ store, clock }: CredentialPorts) {
  return {
    'credential.seen': async ({ agents, apiKeys }) => {
      const now = clock.now().toISOString();
      // What a clock that runs ahead reports counts as now.
      const uses = apiKeys.map(({ at, ...key }) => ({ ...key, at: earlierOf(at, now) }));
      const seen = agents.length === 0 ? [] : [agentsSeen(agents, now)];
      await store.write([...seen, ...recordApiKeyUse(uses)]);
      return { output: {}, position: null };
    },
  } satisfies OperationHandlers;
}
