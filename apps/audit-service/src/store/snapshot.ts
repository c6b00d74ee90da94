import type { MikroORM } from '@mikro-orm/postgresql';
import type { PgClient } from './silence';
import { send, type Snapshot } from './statement';

/** The pool of knex, as far as it is used here. */
interface Connections {
  acquireConnection(): Promise<PgClient>;
  releaseConnection(client: PgClient): Promise<void>;
}

const begin = 'BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY';

/**
 * Several statements that see one state of the database, on a connection from the pool of the ORM, but without the ORM:
 * its own transaction takes several times as long as what is read in it.
 * @param settings of the planner, as long as this lasts
 */
export async function inSnapshot<T>(
  orm: MikroORM,
  task: (snapshot: Snapshot) => Promise<T>,
  settings: Readonly<Record<string, string>>,
): Promise<T> {
  const pool = orm.em.getConnection().getKnex().client as Connections;
  const client = await pool.acquireConnection();
  let isOver = false;
  const snapshot = {
    get client(): PgClient {
      if (isOver) throw new Error('the snapshot is over');
      return client;
    },
  };
  try {
    const set = Object.entries(settings).map(([name, value]) => `SET LOCAL ${name} = ${value}`);
    await send(client, [begin, ...set].join('; '));
    const result = await task(snapshot);
    isOver = true;
    await send(client, 'COMMIT');
    return result;
  } catch (error) {
    isOver = true;
    await end(client);
    throw error;
  } finally {
    await pool.releaseConnection(client);
  }
}

/** A connection with an open transaction must not go back into the pool; one that is broken is left out there. */
async function end(client: PgClient): Promise<void> {
  try {
    await send(client, 'ROLLBACK');
  } catch (error) {
    client.connection.stream.destroy(error as Error);
  }
}
