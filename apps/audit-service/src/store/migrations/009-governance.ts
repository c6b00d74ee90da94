import { Migration } from '@mikro-orm/migrations';

/** Times that RFC 3339 can write, not infinity. */
const shown = (column: string): string => `${column} >= '1970-01-01Z' AND ${column} < '9999-12-31Z'`;

/**
 * AUD-9. Texts are encrypted under the key of the subject; what the views need is plain. `hash` is that of the row
 * (governance/record-hash.ts). Values outside of their lists cannot be written, so that a row that somebody changed can
 * still be shown.
 */
export class Migration009Governance extends Migration {
  override up(): void {
    this.#addUsers();
    this.#addWorkflows();
    this.#addLogs();
    this.#addMetrics();
    this.#addViews();
    this.#addUserActivity();
  }

  /** What iam-service publishes of users in clear. `roles`: names with commas between; null: not known. */
  #addUsers(): void {
    this.addSql(`CREATE TABLE known_users (
      tenant  text NOT NULL,
      user_id text NOT NULL,
      roles   text,
      status  text CHECK (status IN ('active', 'disabled', 'erased')),
      PRIMARY KEY (tenant, user_id))`);
    // Users from before this table: their roles are in events that are encrypted, so they are known from the next change on.
    this.addSql(`INSERT INTO known_users (tenant, user_id, status)
      SELECT DISTINCT ON (tenant, subject) tenant, substr(subject, 6),
        CASE type WHEN 'concordat.iam.user.disabled.v1' THEN 'disabled'
                  WHEN 'concordat.iam.user.erased.v1' THEN 'erased' ELSE 'active' END
      FROM audit_events
      WHERE source = '/concordat/iam' AND subject LIKE 'user:%' AND type IN ('concordat.iam.user.created.v1',
        'concordat.iam.user.enabled.v1', 'concordat.iam.user.disabled.v1', 'concordat.iam.user.erased.v1')
      ORDER BY tenant, subject, log_index DESC`);
  }

  #addWorkflows(): void {
    this.addSql(`CREATE TABLE workflow_executions (
      tenant            text        NOT NULL,
      id                text        NOT NULL,
      subject           text        NOT NULL,
      user_id           text GENERATED ALWAYS AS (CASE WHEN subject LIKE 'user:%' THEN substr(subject, 6) END) STORED,
      actor             text        NOT NULL,
      name              text        NOT NULL,
      mode              text        CHECK (mode IN ('DRAFT', 'RESEARCH', 'ANALYSIS', 'GRUNT')),
      correlation_id    text,
      status            text        NOT NULL CHECK (status IN ('running', 'completed', 'failed', 'cancelled')),
      started_at        timestamptz NOT NULL CHECK (${shown('started_at')}),
      ended_at          timestamptz CHECK (ended_at >= started_at AND ${shown('ended_at')}),
      duration_ms       bigint      CHECK (duration_ms >= 0),
      ended_by          text,
      parameters_key_id text,
      parameters        bytea,
      result_key_id     text,
      result            bytea,
      recorded_at       timestamptz NOT NULL CHECK (${shown('recorded_at')}),
      hash              bytea       NOT NULL,
      PRIMARY KEY (tenant, id),
      CHECK ((status = 'running') = (ended_at IS NULL)),
      CHECK ((ended_at IS NULL) = (duration_ms IS NULL)))`);
    this.#addOrder('workflow_executions', 'started_at');
    this.addSql(
      'CREATE INDEX workflow_executions_by_name ON workflow_executions (tenant, name, started_at, id)',
    );
    this.addSql(
      'CREATE INDEX workflow_executions_by_status ON workflow_executions (tenant, status, started_at, id)',
    );
  }

  #addLogs(): void {
    this.addSql(`CREATE TABLE governance_logs (
      tenant         text        NOT NULL,
      id             text        NOT NULL,
      subject        text        NOT NULL,
      user_id        text GENERATED ALWAYS AS (CASE WHEN subject LIKE 'user:%' THEN substr(subject, 6) END) STORED,
      actor          text        NOT NULL,
      mode           text        NOT NULL CHECK (mode IN ('DRAFT', 'RESEARCH', 'ANALYSIS', 'GRUNT')),
      action         text        NOT NULL,
      outcome        text        CHECK (outcome IN ('success', 'failure', 'rejected')),
      workflow_id    text,
      correlation_id text,
      occurred_at    timestamptz NOT NULL CHECK (${shown('occurred_at')}),
      recorded_at    timestamptz NOT NULL CHECK (${shown('recorded_at')}),
      line_hash      bytea,
      body_key_id    text        NOT NULL,
      body           bytea       NOT NULL,
      hash           bytea       NOT NULL,
      PRIMARY KEY (tenant, id))`);
    this.addSql('ALTER TABLE governance_logs ALTER COLUMN body SET STORAGE EXTERNAL');
    this.#addOrder('governance_logs', 'occurred_at');
    this.addSql('CREATE INDEX governance_logs_by_mode ON governance_logs (tenant, mode, occurred_at, id)');
    this.addSql(`CREATE INDEX governance_logs_by_workflow ON governance_logs (tenant, workflow_id)
      WHERE workflow_id IS NOT NULL`);
    this.addSql(`CREATE UNIQUE INDEX governance_logs_by_line ON governance_logs (tenant, line_hash)
      WHERE line_hash IS NOT NULL`);
  }

  #addMetrics(): void {
    this.addSql(`CREATE TABLE governance_metrics (
      tenant      text             NOT NULL,
      id          text             NOT NULL,
      subject     text             NOT NULL,
      actor       text             NOT NULL,
      name        text             NOT NULL,
      value       double precision NOT NULL CHECK (value > '-Infinity' AND value < 'Infinity'),
      unit        text,
      mode        text             CHECK (mode IN ('DRAFT', 'RESEARCH', 'ANALYSIS', 'GRUNT')),
      workflow_id text,
      measured_at timestamptz      NOT NULL CHECK (${shown('measured_at')}),
      recorded_at timestamptz      NOT NULL CHECK (${shown('recorded_at')}),
      hash        bytea            NOT NULL,
      PRIMARY KEY (tenant, id))`);
    this.#addOrder('governance_metrics', 'measured_at');
    this.addSql(
      'CREATE INDEX governance_metrics_by_name ON governance_metrics (tenant, name, measured_at, id)',
    );
  }

  /** Pages go by time, of the tenant or of a subject. */
  #addOrder(table: string, time: string): void {
    this.addSql(`CREATE INDEX ${table}_by_time ON ${table} (tenant, ${time}, id)`);
    this.addSql(`CREATE INDEX ${table}_by_subject ON ${table} (tenant, subject, ${time}, id)`);
  }

  #addViews(): void {
    // The tenants one by one, and of each the end of an index: a window over all records would sort them first.
    this.addSql(`CREATE VIEW v_recent_governance AS
      WITH RECURSIVE tenants AS (
        (SELECT tenant FROM governance_logs ORDER BY tenant LIMIT 1)
        UNION ALL
        SELECT (SELECT l.tenant FROM governance_logs l WHERE l.tenant > t.tenant ORDER BY l.tenant LIMIT 1)
        FROM tenants t WHERE t.tenant IS NOT NULL)
      SELECT t.tenant, recent.id, recent.occurred_at, recent.actor, recent.subject, recent.action, recent.outcome,
        recent.mode, recent.workflow_id, w.status AS workflow_status, w.name AS workflow, recent.user_id,
        string_to_array(u.roles, ',') AS user_roles,
        CASE WHEN u.user_id IS NOT NULL THEN COALESCE(u.status, 'active') END AS user_status
      FROM tenants t
      CROSS JOIN LATERAL (SELECT * FROM governance_logs l WHERE l.tenant = t.tenant
                          ORDER BY l.occurred_at DESC, l.id DESC LIMIT 100) recent
      LEFT JOIN workflow_executions w ON w.tenant = t.tenant AND w.id = recent.workflow_id
      LEFT JOIN known_users u ON u.tenant = t.tenant AND u.user_id = recent.user_id
      ORDER BY t.tenant, recent.occurred_at DESC, recent.id DESC`);
    this.addSql(`CREATE VIEW v_workflow_success_rate AS
      SELECT tenant, name AS workflow, count(*) AS total,
        count(*) FILTER (WHERE status = 'running') AS running,
        count(*) FILTER (WHERE status = 'completed') AS completed,
        count(*) FILTER (WHERE status = 'failed') AS failed,
        count(*) FILTER (WHERE status = 'cancelled') AS cancelled,
        count(*) FILTER (WHERE status = 'completed')::double precision
          / NULLIF(count(*) FILTER (WHERE status <> 'running'), 0) AS success_rate,
        avg(duration_ms)::double precision AS average_duration_ms,
        max(started_at) AS last_at
      FROM workflow_executions GROUP BY tenant, name ORDER BY tenant, total DESC, name`);
    // First by subject: to count the subjects of a mode itself, its records would be sorted.
    this.addSql(`CREATE VIEW v_drag_mode_distribution AS
      SELECT tenant, mode, sum(total)::bigint AS total,
        (sum(total) / sum(sum(total)) OVER (PARTITION BY tenant))::double precision AS share,
        count(*) AS subjects,
        (sum(succeeded) / NULLIF(sum(decided), 0))::double precision AS success_rate,
        max(last_at) AS last_at
      FROM (SELECT tenant, mode, subject, count(*) AS total, count(outcome) AS decided,
              count(*) FILTER (WHERE outcome = 'success') AS succeeded, max(occurred_at) AS last_at
            FROM governance_logs GROUP BY tenant, mode, subject) of_subject
      GROUP BY tenant, mode ORDER BY tenant, total DESC, mode`);
  }

  /** Every user, also who has done nothing. */
  #addUserActivity(): void {
    this.addSql(`CREATE VIEW v_user_activity AS
      SELECT u.tenant, u.user_id, string_to_array(u.roles, ',') AS user_roles,
        COALESCE(u.status, 'active') AS user_status,
        COALESCE(l.total, 0) + COALESCE(w.total, 0) AS total,
        COALESCE(w.running, 0) AS running, COALESCE(w.completed, 0) AS completed,
        COALESCE(w.failed, 0) AS failed, COALESCE(w.cancelled, 0) AS cancelled,
        GREATEST(l.last_at, w.last_at) AS last_at
      FROM known_users u
      LEFT JOIN (SELECT tenant, user_id, count(*) AS total, max(occurred_at) AS last_at
                 FROM governance_logs WHERE user_id IS NOT NULL GROUP BY tenant, user_id) l
        ON l.tenant = u.tenant AND l.user_id = u.user_id
      LEFT JOIN (SELECT tenant, user_id, count(*) AS total, max(COALESCE(ended_at, started_at)) AS last_at,
                   count(*) FILTER (WHERE status = 'running') AS running,
                   count(*) FILTER (WHERE status = 'completed') AS completed,
                   count(*) FILTER (WHERE status = 'failed') AS failed,
                   count(*) FILTER (WHERE status = 'cancelled') AS cancelled
                 FROM workflow_executions WHERE user_id IS NOT NULL GROUP BY tenant, user_id) w
        ON w.tenant = u.tenant AND w.user_id = u.user_id
      ORDER BY u.tenant, last_at DESC NULLS LAST, u.user_id`);
  }
}
