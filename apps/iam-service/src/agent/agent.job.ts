import type { Keystore } from '@concordat/keystore';
import type { Logger } from '@concordat/runtime';
import type { Connection } from '@concordat/sqlite';
import type { OnApplicationBootstrap } from '@nestjs/common';
import { agentStream } from './agent.handler';

/** Keys at a time: well below the limit of the writer's queue. */
const batch = 500;

/**
 * Destroys the keys of erased agents once more at start: the process may have ended between the event that ordered it
 * and the deed. Destroying a key that is gone does nothing.
 */
export class ErasedAgentsJob implements OnApplicationBootstrap {
  constructor(
    private readonly db: Connection,
    private readonly keystore: Keystore,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const erased = this.db
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
    if (late > 0) this.logger.warn({ agents: late }, 'destroyed keys that an interrupted erasure had left');
  }
}
