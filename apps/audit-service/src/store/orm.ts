import { Migrator } from '@mikro-orm/migrations';
import { type EntitySchema, MikroORM } from '@mikro-orm/postgresql';
import { migrations } from './migrations';
import { observeQueries, type PoolName } from './pool-metrics';
import { breakWhenSilent, type PgClient } from './silence';

/** Bounds of every step of a conversation with PostgreSQL, each below the two seconds that a caller waits. */
export const databaseLimits = Object.freeze({
  connectMs: 1_000,
  statementMs: 1_500,
  lockMs: 1_000,
  /** No answer at all, not even that the statement took too long: the server is frozen or the network gone. */
  silenceMs: 1_800,
  /** A transaction that does nothing: its process is frozen or gone. */
  idleInTransactionMs: 10_000,
  connections: 8,
});

export type DatabaseLimits = { readonly [name in keyof typeof databaseLimits]: number };

/** For jobs, which nobody waits for, and which may have much to do: partitions, and tables that are brought up to date. */
export const jobLimits: DatabaseLimits = Object.freeze({
  ...databaseLimits,
  statementMs: 1_800_000,
  silenceMs: 1_860_000,
  idleInTransactionMs: 60_000,
  connections: 2,
});

export interface OrmOptions {
  readonly databaseUrl: string;
  readonly instance: string;
  readonly entities: readonly EntitySchema[];
  /** Messages of the ORM and its pool; they may quote statements, so they are for debugging. */
  readonly log: (message: string) => void;
  /** What its connections are called in metrics. */
  readonly pool?: PoolName;
}

/** The ORM over PostgreSQL. Connects when first used, so that the service starts while the database is away. */
export function makeOrm(
  { databaseUrl, instance, entities, log, pool = 'requests' }: OrmOptions,
  limits: DatabaseLimits = databaseLimits,
): MikroORM {
  const { connectMs, statementMs, lockMs, silenceMs, idleInTransactionMs, connections } = limits;
  return MikroORM.initSync({
    clientUrl: databaseUrl,
    entities: [...entities],
    extensions: [Migrator],
    migrations: { migrationsList: [...migrations], snapshot: false, silent: true },
    metadataCache: { enabled: false },
    discovery: { disableDynamicFileAccess: true },
    debug: false,
    logger: log,
    pool: {
      min: 0,
      max: connections,
      createTimeoutMillis: connectMs,
      acquireTimeoutMillis: databaseLimits.statementMs,
      destroyTimeoutMillis: connectMs,
      afterCreate: (client: PgClient, done: (error: unknown, client: PgClient) => void) => {
        breakWhenSilent(client, silenceMs, observeQueries(pool));
        done(null, client);
      },
    },
    driverOptions: {
      log: { warn: log, error: log, debug: log, deprecate: log },
      connection: {
        application_name: `concordat-audit ${instance}`,
        connectionTimeoutMillis: connectMs,
        statement_timeout: statementMs,
        lock_timeout: lockMs,
        idle_in_transaction_session_timeout: idleInTransactionMs,
        keepAlive: true,
      },
    },
  });
}
