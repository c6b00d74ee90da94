import { Migration } from '@mikro-orm/migrations';

/**
 * AUD-3. Whatever a list is filtered by, an index has it in the order of the list, so that a page reads about what it
 * shows. Labels are values of payloads that an operator has declared to be searchable.
 */
export class Migration007Search extends Migration {
  override up(): void {
    // The log may be long; a service that starts waits for it.
    this.addSql('SET LOCAL statement_timeout = 0');
    this.addSql(`CREATE TABLE audit_labels (
      tenant     text        NOT NULL PRIMARY KEY,
      labels     jsonb       NOT NULL,
      updated_at timestamptz NOT NULL)`);
    this.addSql('ALTER TABLE message_audit_log ADD COLUMN labels jsonb');
    // The tenant is one of them, so that those of others are not read.
    const labels = `(labels || jsonb_object(ARRAY['~', tenant])) jsonb_path_ops`;
    this.#index('labels', `USING gin (${labels}) WHERE labels IS NOT NULL`);
    this.#index('kind', '(tenant, status, message_type, priority, timestamp)');
    for (const [name, columns] of [
      ['correlation', 'tenant, correlation_id, timestamp'],
      ['agents', 'tenant, from_agent, to_agent, timestamp'],
    ] as const) {
      this.addSql(`DROP INDEX message_audit_log_by_${name}`);
      this.#index(name, `(${columns})`);
    }
    this.addSql('CREATE INDEX audit_events_by_source ON audit_events (tenant, source, log_index)');
  }

  #index(name: string, what: string): void {
    this.addSql(`CREATE INDEX message_audit_log_by_${name} ON message_audit_log ${what}`);
  }
}
