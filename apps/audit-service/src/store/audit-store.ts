import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { within } from './deadline';
import { fromDatabaseError } from './unavailable';

/** Longest time a reader waits for PostgreSQL; the rest of its two seconds belongs to the audit feed and the way back. */
const readMs = 1_500;

/** PostgreSQL, behind the promise that nobody waits for it longer than stated. */
export class AuditStore {
  #isMigrated = false;

  constructor(private readonly orm: MikroORM) {}

  /** Brings the tables up to date; done once, however often it is called. @throws SERVICE_UNAVAILABLE */
  async migrate(): Promise<void> {
    if (this.#isMigrated) return;
    try {
      await this.orm.getMigrator().up();
      this.#isMigrated = true;
    } catch (error) {
      throw fromDatabaseError(error);
    }
  }

  /**
   * One transaction: all of it is durable when this resolves, or it throws.
   * @throws SERVICE_UNAVAILABLE: then it is unknown whether the transaction was committed
   */
  async transaction<T>(task: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await this.orm.em.fork().transactional(task);
    } catch (error) {
      throw fromDatabaseError(error);
    }
  }

  /** @throws SERVICE_UNAVAILABLE, within `readMs` */
  async read<T>(task: (em: EntityManager) => Promise<T>): Promise<T> {
    try {
      return await within(readMs, task(this.orm.em.fork()));
    } catch (error) {
      throw fromDatabaseError(error);
    }
  }

  /** @throws SERVICE_UNAVAILABLE when PostgreSQL does not answer */
  async ping(): Promise<void> {
    await this.read((em) => em.getConnection().execute('SELECT 1'));
  }

  async close(): Promise<void> {
    await this.orm.close(true);
  }
}
