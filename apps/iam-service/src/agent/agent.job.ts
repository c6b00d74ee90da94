import type { SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Logger } from '@concordat/runtime';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { agentStream } from './agent-commands';

/** Keys at a time: well below the limit of the writer's queue. */
const batch = 500;

/**
 * Destroys the keys of erased agents, and what the files still hold of them, once more at start: the process may have
 * ended between the event that ordered it and the deed. Done again, it does nothing.
 */
export class ErasedAgentsJob implements OnApplicationBootstrap {
  constructor(
    private readonly store: Pick<SqliteEventStore, 'reader' | 'purge'>,
    private readonly keystore: Keystore,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const erased = this.store.reader
      .prepare<[], { tenant: string; did: string }>(
        "SELECT tenant, did FROM agent_identities WHERE status = 'erased'",
      )
      .all();
    let late = 0;
    for (let begin = 0; begin < erased.length; begin += batch) {
      const some = erased.slice(begin, begin + batch);
      const destroyed = await Promise.all(
        some.map(({ tenant, did }) => this.keystore.destroy(tenant, [agentStream(did)])),
      );
      late += destroyed.filter((count) => count > 0).length;
    }
    if (erased.length > 0) await this.store.purge();
    if (late > 0) this.logger.warn({ agents: late }, 'destroyed keys that an interrupted erasure had left');
  }
}
