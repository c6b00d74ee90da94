import type { EntityManager, Knex } from '@mikro-orm/postgresql';
import type { PgClient } from './silence';

interface Answer<Row> {
  readonly rows: Row[];
}

/** A transaction on a connection of its own, without the ORM. */
export interface Snapshot {
  /** @throws Error when the transaction is over: the connection is somebody else's then */
  readonly client: PgClient;
}

/** Where a statement is carried out. */
export type Transaction = EntityManager | Snapshot;

/**
 * Carries out a statement of a transaction, straight with the driver: building and announcing it would cost the ORM more
 * than the driver needs to send it, and it would take arrays apart. Fails as the driver does.
 * @param sql with a `?` per value, and no other `?`
 * @param values an array is an array there, too
 */
export async function runStatement<Row>(
  transaction: Transaction,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const client = 'client' in transaction ? transaction.client : await clientOf(transaction);
  return send<Row>(client, numbered(sql), values);
}

async function clientOf(em: EntityManager): Promise<PgClient> {
  const transaction = em.getTransactionContext<Knex.Transaction>()!;
  if (transaction.isCompleted()) throw new Error('the transaction is over');
  return (await transaction.client.acquireConnection()) as PgClient;
}

/** With a callback, as `breakWhenSilent` needs it. @param text without values, it may be several statements */
export const send = <Row>(client: PgClient, text: string, values: readonly unknown[] = []): Promise<Row[]> =>
  new Promise((resolve, reject) => {
    client.query({ text, values }, (error: Error | null, answer: Answer<Row>) =>
      error ? reject(error) : resolve(answer.rows),
    );
  });

/** As PostgreSQL names parameters: `$1`. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}
