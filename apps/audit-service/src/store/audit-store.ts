import type { EntityManager, MikroORM } from '@mikro-orm/postgresql';
import { within } from './deadline';
import { inSnapshot } from './snapshot';
import type { Snapshot } from './statement';
import { fromDatabaseError } from './unavailable';

/** Longest time a reader waits for PostgreSQL; the rest of its two seconds belongs to the audit feed and the way back. */
const readMs = 1_500;

/** PostgreSQL, behind the promise that nobody waits for it longer than stated. */
export class AuditStore {
  #migrated: Promise<void> | undefined;

  /** @param jobs the same database, for what may take long */
  constructor(
    private readonly orm: MikroORM,
    private readonly jobs: MikroORM = orm,
  ) {}

  /** Brings the tables up to date; done once, however often it is called. @throws SERVICE_UNAVAILABLE */
  migrate(): Promise<void> {
    return (this.#migrated ??= this.#migrate());
  }

  async #migrate(): Promise<void> {
    try {
      await this.jobs.getMigrator().up();
    } catch (error) {
      this.#migrated = undefined;
      throw fromDatabaseError(error);
    }
  }

  /**
   * One transaction: all of it is durable when this resolves, or it throws.
   * @throws SERVICE_UNAVAILABLE: then it is unknown whether the transaction was committed
   */
  transaction<T>(task: (em: EntityManager) => Promise<T>): Promise<T> {
    return transactionOf(this.orm, task);
  }

  /** The same for a job: its statements may take minutes. @throws SERVICE_UNAVAILABLE */
  work<T>(task: (em: EntityManager) => Promise<T>): Promise<T> {
    return transactionOf(this.jobs, task);
  }

  /** @throws SERVICE_UNAVAILABLE, within `readMs` */
  read<T>(task: (em: EntityManager) => Promise<T>): Promise<T> {
    return inTime(task(this.orm.em.fork()));
  }

  /**
   * Several statements that see one state of the database. @throws SERVICE_UNAVAILABLE, within `readMs`
   * @param settings of the planner for these statements
   */
  snapshot<T>(
    task: (snapshot: Snapshot) => Promise<T>,
    settings: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    return inTime(inSnapshot(this.orm, task, settings));
  }

  /** @throws SERVICE_UNAVAILABLE when PostgreSQL does not answer */
  async ping(): Promise<void> {
    await this.read((em) => em.getConnection().execute('SELECT 1'));
  }

  async close(): Promise<void> {
    await Promise.all([...new Set([this.orm, this.jobs])].map((orm) => orm.close(true)));
  }
}

async function inTime<T>(reading: Promise<T>): Promise<T> {
  try {
    return await within(readMs, reading);
  } catch (error) {
    throw fromDatabaseError(error);
  }
}

async function transactionOf<T>(orm: MikroORM, task: (em: EntityManager) => Promise<T>): Promise<T> {
  try {
    return await orm.em.fork().transactional(task);
  } catch (error) {
    throw fromDatabaseError(error);
  }
}
