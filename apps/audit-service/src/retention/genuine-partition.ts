import type { EntityManager } from '@mikro-orm/postgresql';
import { RetentionPartition, type RetentionPartitionRow, tableOf } from './retention-rows';

const boundSql = `SELECT parent.relname AS parent, pg_get_expr(child.relpartbound, child.oid) AS bound
  FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid JOIN pg_class AS parent ON parent.oid = inhparent
  WHERE inhrelid = to_regclass(?)`;

/**
 * What a partition holds is what PostgreSQL keeps it to, not what a row of `retention_partitions` says: by one that was
 * changed, retention would drop what is not due, and say so under the key of the log.
 * @throws Error names the partition
 */
export async function requireGenuine(em: EntityManager, partition: RetentionPartitionRow): Promise<void> {
  const { name, kind, retentionClass, fromTime, toTime } = partition;
  const [found] = await em.execute<{ parent: string; bound: string }[]>(boundSql, [name]);
  // Another process has dropped both meanwhile.
  if (!found && (await em.count(RetentionPartition, { name })) === 0) return;
  const times = [...(found?.bound ?? '').matchAll(/'([^']+)'/g)].map(([, time]) => Date.parse(time!));
  const isWithin = times.length === 2 && times[0] === fromTime.getTime() && times[1] === toTime.getTime();
  if (isWithin && found?.parent === `${tableOf[kind]}_${retentionClass}`) return;
  throw new Error(
    `retention drops nothing: the row of ${name} in retention_partitions is not what the table is (${found?.bound ?? 'there is none'}); put it right`,
  );
}
