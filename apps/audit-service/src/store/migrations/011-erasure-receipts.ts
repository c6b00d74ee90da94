import { Migration } from '@mikro-orm/migrations';

/** Every erasure with its receipt, once it is carried out; those that were pending go on being so (ADR 44). */
export class Migration011ErasureReceipts extends Migration {
  override up(): void {
    this.addSql('SET LOCAL statement_timeout = 0');
    this.addSql(`CREATE TABLE erasures (
      tenant       text        NOT NULL,
      ordered_by   text        NOT NULL,
      subject      text        NOT NULL,
      requested_at timestamptz NOT NULL,
      keys         text[],
      erased_at    timestamptz,
      receipt      text,
      PRIMARY KEY (tenant, ordered_by))`);
    this.addSql('CREATE INDEX erasures_by_time ON erasures (tenant, requested_at, ordered_by)');
    this.addSql('CREATE INDEX erasures_pending ON erasures (ordered_by) WHERE erased_at IS NULL');
    this.addSql(`INSERT INTO erasures (tenant, ordered_by, subject, requested_at)
      SELECT DISTINCT ON (tenant, subject) tenant, event_id, subject, time
      FROM audit_events JOIN pending_erasures USING (tenant, subject)
      WHERE type = 'concordat.iam.agent.erased.v1' AND source = '/concordat/iam'
      ORDER BY tenant, subject, log_index`);
    this.addSql('DROP TABLE pending_erasures');
  }
}
