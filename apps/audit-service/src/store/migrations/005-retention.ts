import { Migration } from '@mikro-orm/migrations';

const eventColumns =
  'tenant, log_index, event_id, type, source, subject, actor, time, correlation_id, trace_id, key_id, body, body_bytes';
const messageColumns =
  'tenant, message_id, from_agent, to_agent, message_type, priority, status, status_rank, correlation_id, reply_to, payload, payload_key_id, payload_bytes, timestamp, delivered_at, ttl_seconds, retry_count, error_message';

/**
 * Rows lie in partitions by how long they are kept and by time, so that what is over goes as a table (AUD-5). What is there
 * already is kept for 90 days from now; messages of the last 90 days, which may still change, from the time in their ids.
 */
export class Migration005Retention extends Migration {
  override up(): void {
    // The log may be long; a service that starts waits for it.
    this.addSql('SET LOCAL statement_timeout = 0');
    this.addSql(`ALTER TABLE log_state
      ADD COLUMN logged_at timestamptz NOT NULL DEFAULT 'epoch',
      ADD COLUMN retention_version bigint NOT NULL DEFAULT 0`);
    this.#addTables();
    this.#partition('events', 'audit_events', 'logged_at', 'log_index');
    this.#partition('messages', 'message_audit_log', 'accepted_at', 'message_id');
    this.#moveEvents();
    this.#moveMessages();
    this.addSql('DROP TABLE audit_events_before, message_audit_log_before');
    // Faster over rows that are there.
    this.#indexEvents();
    this.#indexMessages();
  }

  #addTables(): void {
    this.addSql(`CREATE TABLE retention_settings (
      tenant          text        NOT NULL,
      kind            text        NOT NULL,
      since           timestamptz NOT NULL,
      retention_class text        NOT NULL,
      PRIMARY KEY (tenant, kind, since))`);
    this.addSql(`CREATE TABLE retention_partitions (
      name            text        NOT NULL PRIMARY KEY,
      kind            text        NOT NULL,
      retention_class text        NOT NULL,
      from_time       timestamptz NOT NULL,
      to_time         timestamptz NOT NULL,
      is_closed       boolean     NOT NULL DEFAULT false)`);
    // By the id first: changes of messages are looked up by it.
    this.addSql(`CREATE TABLE message_places (
      tenant          text        NOT NULL,
      message_id      text        NOT NULL,
      retention_class text        NOT NULL,
      accepted_at     timestamptz NOT NULL,
      PRIMARY KEY (message_id, tenant))`);
    this.addSql(`CREATE TABLE legal_holds (
      tenant         text        NOT NULL,
      id             text        NOT NULL,
      reason         text        NOT NULL,
      subject        text,
      correlation_id text,
      from_time      timestamptz,
      to_time        timestamptz,
      created_at     timestamptz NOT NULL,
      created_by     text        NOT NULL,
      released_at    timestamptz,
      released_by    text,
      PRIMARY KEY (tenant, id))`);
  }

  /** A table by class and time, with the weeks of the last 90 days. A unique index holds what partitions are made by. */
  #partition(kind: string, table: string, time: string, id: string): void {
    this.addSql(`ALTER TABLE ${table} RENAME CONSTRAINT ${table}_pkey TO ${table}_before_pkey`);
    this.addSql(`ALTER TABLE ${table} RENAME TO ${table}_before`);
    this.addSql(`CREATE TABLE ${table} (LIKE ${table}_before INCLUDING STORAGE,
      retention_class text        NOT NULL,
      ${time}         timestamptz NOT NULL,
      PRIMARY KEY (tenant, ${id}, retention_class, ${time}))
      PARTITION BY LIST (retention_class)`);
    for (const name of ['d30', 'd90', 'd365', 'forever'])
      this.addSql(`CREATE TABLE ${table}_${name} PARTITION OF ${table}
        FOR VALUES IN ('${name}') PARTITION BY RANGE (${time})`);
    this.addSql(`CREATE TABLE ${table}_held PARTITION OF ${table} FOR VALUES IN ('held')`);
    const first = kind === 'events' ? 'now()' : `now() - interval '90 days'`;
    // Hours, since days are of different lengths in time zones that have a summer.
    this.addSql(`DO $$
      DECLARE week timestamptz; name text;
      BEGIN
        FOR week IN SELECT generate_series(date_trunc('week', ${first}, 'UTC'), now() + interval '60 s', '168 hours')
        LOOP
          name := '${table}_d90_' || to_char(week AT TIME ZONE 'UTC', 'YYYY_MM_DD');
          EXECUTE format('CREATE TABLE %I PARTITION OF ${table}_d90 FOR VALUES FROM (%L) TO (%L)',
            name, week, week + interval '168 hours');
          INSERT INTO retention_partitions (name, kind, retention_class, from_time, to_time)
            VALUES (name, '${kind}', 'd90', week, week + interval '168 hours');
        END LOOP;
      END $$`);
  }

  #moveEvents(): void {
    this.addSql(`INSERT INTO audit_events (${eventColumns}, retention_class, logged_at)
      SELECT ${eventColumns}, 'd90', now() FROM audit_events_before`);
    this.addSql('UPDATE log_state SET logged_at = now() WHERE size > 0');
  }

  /** The last 36 characters are a UUIDv7, which begins with milliseconds since 1970. */
  #moveMessages(): void {
    this.addSql(`CREATE TEMPORARY TABLE dated ON COMMIT DROP AS
      SELECT tenant, message_id, told, COALESCE(told, now()) AS accepted_at
      FROM message_audit_log_before, LATERAL (
        SELECT translate(right(message_id, 36), '-', '') AS uuid) AS ids, LATERAL (
        SELECT CASE WHEN uuid ~ '^[0-9a-f]{32}$'
          THEN 'epoch'::timestamptz + ('x' || left(uuid, 12))::bit(48)::bigint * interval '1 ms' END AS said) AS times, LATERAL (
        SELECT CASE WHEN said BETWEEN now() - interval '90 days' AND now() + interval '60 s' THEN said END AS told) AS known`);
    this.addSql(`INSERT INTO message_places (tenant, message_id, retention_class, accepted_at)
      SELECT tenant, message_id, 'd90', accepted_at FROM dated WHERE told IS NULL`);
    this.addSql(`INSERT INTO message_audit_log (${messageColumns}, retention_class, accepted_at)
      SELECT ${messageColumns}, 'd90', accepted_at
      FROM message_audit_log_before JOIN dated USING (tenant, message_id)`);
  }

  #indexEvents(): void {
    const index = (name: string, on: string): void =>
      this.addSql(`CREATE INDEX audit_events_${name} ON audit_events ${on}`);
    // By the id first: whether an event was dropped is asked of all tenants together.
    index('by_id', '(event_id, tenant)');
    for (const column of ['type', 'subject', 'actor', 'correlation_id'])
      index(`by_${column}`, `(tenant, ${column}, log_index)`);
    index('by_time', '(tenant, time)');
    for (const [name, part] of [
      ['acting', 1],
      ['owner', 2],
    ] as const) {
      const of = `split_part(actor, ';for=', ${part})`;
      index(`by_${name}`, `(tenant, ${of}, log_index) WHERE actor LIKE '%;for=%'`);
    }
  }

  #indexMessages(): void {
    const index = (name: string, on: string): void =>
      this.addSql(`CREATE INDEX message_audit_log_${name} ON message_audit_log ${on}`);
    index('by_time', '(tenant, timestamp, status)');
    index('by_correlation', '(tenant, correlation_id)');
    index('by_agents', '(tenant, from_agent, to_agent)');
    index('by_recipient', '(tenant, to_agent)');
  }
}
