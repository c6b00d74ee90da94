import { Migration } from '@mikro-orm/migrations';

const ofAudit = [
  ...[
    'partition.dropped',
    'held-rows.dropped',
    'retention.changed',
    'legal-hold.placed',
    'legal-hold.released',
  ],
  ...[
    'labels.declared',
    'governance.logged',
    'governance-metric.recorded',
    'workflow.started',
    'workflow.ended',
  ],
  'subject.erased',
];
const lasting = `(source = '/concordat/audit' AND type IN (${ofAudit.map((name) => `'concordat.audit.${name}.v1'`).join(', ')})
  OR source = '/concordat/iam' AND type IN ('concordat.iam.agent.erased.v1', 'concordat.iam.user.erased.v1'))`;

/** Events that tell what went by right lie where nothing goes (ADR 37); those that are there move, with a year for each. */
export class Migration012LastingEvents extends Migration {
  override up(): void {
    this.addSql('SET LOCAL statement_timeout = 0');
    this.addSql(`DO $$
      DECLARE year timestamptz; name text;
      BEGIN
        FOR year IN SELECT DISTINCT date_trunc('year', logged_at, 'UTC') FROM audit_events WHERE ${lasting} LOOP
          name := 'audit_events_forever_' || to_char(year AT TIME ZONE 'UTC', 'YYYY');
          CONTINUE WHEN to_regclass(name) IS NOT NULL;
          EXECUTE format('CREATE TABLE %I PARTITION OF audit_events_forever FOR VALUES FROM (%L) TO (%L)', name, year,
            (year AT TIME ZONE 'UTC' + interval '1 year') AT TIME ZONE 'UTC');
          INSERT INTO retention_partitions (name, kind, retention_class, from_time, to_time)
            VALUES (name, 'events', 'forever', year, (year AT TIME ZONE 'UTC' + interval '1 year') AT TIME ZONE 'UTC');
        END LOOP;
      END $$`);
    this.addSql(`UPDATE audit_events SET retention_class = 'forever'
      WHERE retention_class <> 'forever' AND ${lasting}`);
    // Whoever knows the partitions reads them anew.
    this.addSql('UPDATE log_state SET retention_version = retention_version + 1');
  }
}
