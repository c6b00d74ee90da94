import type { SqliteEventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Logger } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { PasswordCheck } from './password-check';
import { type UserQueries, userStream } from './user.projection';

/** Keys at a time: well below the limit of the writer's queue. */
const batch = 500;

/**
 * Destroys the keys of erased users, and what the files still hold of them, once more at start: the process may have
 * ended between the event that ordered it and the deed. At the end, waits until failed logins are recorded.
 */
export class UserJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  constructor(
    private readonly store: Pick<SqliteEventStore, 'purge'>,
    private readonly users: UserQueries,
    private readonly keystore: Keystore,
    private readonly check: PasswordCheck,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const erased = this.users.erased();
    let late = 0;
    for (let begin = 0; begin < erased.length; begin += batch) {
      const destroyed = await Promise.all(
        erased
          .slice(begin, begin + batch)
          .map(({ tenant, id }) => this.keystore.destroy(tenant, [userStream(id)])),
      );
      late += destroyed.filter((count) => count > 0).length;
    }
    if (erased.length > 0) await this.store.purge();
    if (late > 0) this.logger.warn({ users: late }, 'destroyed keys that an interrupted erasure had left');
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.check.settled();
  }
}
