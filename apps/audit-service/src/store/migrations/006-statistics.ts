import { Migration } from '@mikro-orm/migrations';

/**
 * AUD-4. Sums of messages by the minute, the hour and the day, of a whole tenant (agent '') and of each agent; and marks
 * on what they do not know yet. What is in the log already is marked, so that it is summed up by and by.
 */
export class Migration006Statistics extends Migration {
  override up(): void {
    // The log may be long; a service that starts waits for it.
    this.addSql('SET LOCAL statement_timeout = 0');
    this.addSql(`CREATE TABLE message_statistics (
      tenant            text        NOT NULL,
      width             smallint    NOT NULL,
      bucket            timestamptz NOT NULL,
      agent             text        NOT NULL,
      messages          integer     NOT NULL,
      as_sender         integer     NOT NULL,
      as_receiver       integer     NOT NULL,
      status_pending    integer     NOT NULL,
      status_sent       integer     NOT NULL,
      status_delivered  integer     NOT NULL,
      status_failed     integer     NOT NULL,
      status_expired    integer     NOT NULL,
      type_command      integer     NOT NULL,
      type_query        integer     NOT NULL,
      type_response     integer     NOT NULL,
      type_event        integer     NOT NULL,
      type_notification integer     NOT NULL,
      priority_urgent   integer     NOT NULL,
      priority_high     integer     NOT NULL,
      priority_normal   integer     NOT NULL,
      priority_low      integer     NOT NULL,
      delivery_ms       numeric     NOT NULL,
      sketch_indexes    smallint[]  NOT NULL,
      sketch_counts     integer[]   NOT NULL,
      PRIMARY KEY (tenant, width, bucket, agent))`);
    this.addSql(
      `CREATE INDEX message_statistics_of_tenants ON message_statistics (tenant, width, bucket) WHERE agent = ''`,
    );
    // Only ever added to and taken from: a mark that is set waits for none that is being taken.
    this.addSql(`CREATE TABLE statistics_marks (
      id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant    text        NOT NULL,
      width     smallint    NOT NULL,
      bucket    timestamptz NOT NULL,
      marked_at timestamptz NOT NULL DEFAULT now())`);
    this.addSql('CREATE INDEX statistics_marks_by_bucket ON statistics_marks (tenant, bucket, width)');
    this.addSql(`INSERT INTO statistics_marks (tenant, width, bucket)
      SELECT DISTINCT tenant, 1, date_bin('1 minute', timestamp, timestamptz '2000-01-01 00:00:00Z')
      FROM message_audit_log WHERE timestamp IS NOT NULL`);
    this.addSql(
      'CREATE INDEX message_audit_log_by_sender ON message_audit_log (tenant, from_agent, timestamp)',
    );
    this.addSql(
      'CREATE INDEX message_audit_log_by_receiver ON message_audit_log (tenant, to_agent, timestamp)',
    );
    this.addSql('DROP INDEX message_audit_log_by_recipient');
  }
}
