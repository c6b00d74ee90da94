import { Migration } from '@mikro-orm/migrations';

/**
 * The tables of the audit log. Encrypted columns do not compress, so they are kept as they are (STORAGE EXTERNAL).
 * Times are those of the events; the order of the log is `log_index`.
 */
export class Migration001Audit extends Migration {
  override up(): void {
    this.#addEvents();
    this.#addMessages();
    this.#addLog();
    this.#addIngest();
  }

  #addEvents(): void {
    this.addSql(`CREATE TABLE audit_events (
      tenant         text        NOT NULL,
      log_index      bigint      NOT NULL,
      event_id       text        NOT NULL,
      type           text        NOT NULL,
      source         text        NOT NULL,
      subject        text        NOT NULL,
      actor          text        NOT NULL,
      time           timestamptz NOT NULL,
      correlation_id text,
      trace_id       text,
      key_id         text        NOT NULL,
      body           bytea       NOT NULL,
      body_bytes     integer     NOT NULL,
      PRIMARY KEY (tenant, log_index))`);
    this.addSql('ALTER TABLE audit_events ALTER COLUMN body SET STORAGE EXTERNAL');
    this.addSql('CREATE UNIQUE INDEX audit_events_by_id ON audit_events (tenant, event_id)');
    for (const column of ['type', 'subject', 'actor', 'correlation_id']) {
      this.addSql(`CREATE INDEX audit_events_by_${column} ON audit_events (tenant, ${column}, log_index)`);
    }
    this.addSql('CREATE INDEX audit_events_by_time ON audit_events (tenant, time)');
  }

  /** AUD-1. What only the acceptance tells is null while later events came before it. */
  #addMessages(): void {
    this.addSql(`CREATE TABLE message_audit_log (
      tenant         text        NOT NULL,
      message_id     text        NOT NULL,
      from_agent     text        NOT NULL,
      to_agent       text        NOT NULL,
      message_type   text,
      priority       text,
      status         text        NOT NULL,
      status_rank    smallint    NOT NULL,
      correlation_id text,
      reply_to       text,
      payload        bytea,
      payload_key_id text,
      payload_bytes  integer,
      timestamp      timestamptz,
      delivered_at   timestamptz,
      ttl_seconds    integer,
      retry_count    integer     NOT NULL,
      error_message  text,
      PRIMARY KEY (tenant, message_id))`);
    this.addSql('ALTER TABLE message_audit_log ALTER COLUMN payload SET STORAGE EXTERNAL');
    this.addSql('CREATE INDEX message_audit_log_by_time ON message_audit_log (tenant, timestamp, status)');
    this.addSql(
      'CREATE INDEX message_audit_log_by_correlation ON message_audit_log (tenant, correlation_id)',
    );
    this.addSql(
      'CREATE INDEX message_audit_log_by_agents ON message_audit_log (tenant, from_agent, to_agent)',
    );
    this.addSql('CREATE INDEX message_audit_log_by_recipient ON message_audit_log (tenant, to_agent)');
  }

  #addLog(): void {
    this.addSql(`CREATE TABLE log_entries (
      leaf_index bigint NOT NULL PRIMARY KEY,
      event_id   text   NOT NULL UNIQUE,
      leaf       bytea  NOT NULL)`);
    // The widest version of each tile; narrower ones are its beginning.
    this.addSql(`CREATE TABLE log_tiles (
      level  smallint NOT NULL,
      index  bigint   NOT NULL,
      hashes bytea    NOT NULL,
      PRIMARY KEY (level, index))`);
    this.addSql('ALTER TABLE log_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL');
    this.addSql(`CREATE TABLE log_state (
      id     smallint NOT NULL PRIMARY KEY CHECK (id = 1),
      vkey   text     NOT NULL,
      size   bigint   NOT NULL,
      root   bytea    NOT NULL)`);
    this.addSql(`CREATE TABLE log_checkpoints (
      size      bigint      NOT NULL PRIMARY KEY,
      note      text        NOT NULL,
      signed_at timestamptz NOT NULL)`);
  }

  #addIngest(): void {
    this.addSql(`CREATE TABLE source_cursors (
      source   text   NOT NULL PRIMARY KEY,
      epoch    bigint NOT NULL,
      position bigint NOT NULL)`);
    this.addSql(`CREATE TABLE ingest_alarms (
      source    text        NOT NULL,
      epoch     bigint      NOT NULL,
      position  bigint      NOT NULL,
      kind      text        NOT NULL,
      detail    text        NOT NULL,
      raised_at timestamptz NOT NULL,
      PRIMARY KEY (source, epoch, position, kind))`);
  }
}
