import { Migration } from '@mikro-orm/migrations';

/**
 * What was done with another's right (`agent:<who acts>;for=agent:<whose right it is>`) is found by either of the two.
 * Of the events only those few are in these indexes.
 */
export class Migration003DelegatedActors extends Migration {
  override up(): void {
    // The log may be long; a service that starts waits for it.
    this.addSql('SET LOCAL statement_timeout = 0');
    for (const [name, part] of [
      ['acting', 1],
      ['owner', 2],
    ] as const)
      this.addSql(`CREATE INDEX audit_events_by_${name} ON audit_events
        (tenant, split_part(actor, ';for=', ${part}), log_index) WHERE actor LIKE '%;for=%'`);
  }
}
