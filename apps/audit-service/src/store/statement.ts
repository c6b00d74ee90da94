import type { EntityManager, Knex } from '@mikro-orm/postgresql';
import type { PgClient } from './silence';

interface Answer<Row> {
  readonly rows: Row[];
}

/**
 * Carries out a statement on the connection of the ORM's own transaction, straight with the driver: building and announcing
 * it would cost the ORM more than the driver needs to send it, and it would take arrays apart. Fails as the driver does.
 * @param sql with a `?` per value, and no other `?`
 * @param values an array is an array there, too
 */
export async function runStatement<Row>(
  em: EntityManager,
  sql: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const transaction = em.getTransactionContext<Knex.Transaction>()!;
  const client = (await transaction.client.acquireConnection()) as PgClient;
  // Afterwards the connection is somebody else's.
  if (transaction.isCompleted()) throw new Error('the transaction is over');
  const { rows } = await answerOf<Row>(client, numbered(sql), values);
  return rows;
}

/** With a callback, as `breakWhenSilent` needs it. */
const answerOf = <Row>(client: PgClient, text: string, values: readonly unknown[]): Promise<Answer<Row>> =>
  new Promise((resolve, reject) => {
    client.query({ text, values }, (error: Error | null, answer: Answer<Row>) =>
      error ? reject(error) : resolve(answer),
    );
  });

/** As PostgreSQL names parameters: `$1`. */
function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}
