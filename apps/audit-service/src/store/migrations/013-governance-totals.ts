import { Migration } from '@mikro-orm/migrations';

/** Counts of one kind of record, kept by triggers, so that whatever changes the records changes them. */
interface Totals {
  readonly table: string;
  readonly of: string;
  readonly key: readonly string[];
  /** Column → what a record adds to it. */
  readonly sums: Readonly<Record<string, string>>;
  /** Column → time of a record; it stays when the record goes, which is the oldest then. */
  readonly latest: Readonly<Record<string, string>>;
}

const when = (condition: string): string => `CASE WHEN ${condition} THEN 1 ELSE 0 END`;

const logs: Totals = {
  table: 'governance_totals',
  of: 'governance_logs',
  key: ['tenant', 'mode', 'subject'],
  sums: {
    total: '1',
    decided: when('outcome IS NOT NULL'),
    succeeded: when("outcome = 'success'"),
  },
  latest: { last_at: 'occurred_at' },
};
const workflows: Totals = {
  table: 'workflow_totals',
  of: 'workflow_executions',
  key: ['tenant', 'name', 'subject'],
  sums: {
    total: '1',
    running: when("status = 'running'"),
    completed: when("status = 'completed'"),
    failed: when("status = 'failed'"),
    cancelled: when("status = 'cancelled'"),
    duration_ms: 'COALESCE(duration_ms, 0)',
  },
  latest: { last_started_at: 'started_at', last_at: 'COALESCE(ended_at, started_at)' },
};

/**
 * The views of governance count by subject as records come and go, instead of reading all of them when they are asked; and
 * retention finds what is over by an index.
 */
export class Migration013GovernanceTotals extends Migration {
  override up(): void {
    // There may be many records; a service that starts waits for them.
    this.addSql('SET LOCAL statement_timeout = 0');
    for (const totals of [logs, workflows]) this.#add(totals);
    this.#replaceViews();
    this.addSql('CREATE INDEX governance_logs_by_record ON governance_logs (tenant, recorded_at, id)');
    this.addSql('CREATE INDEX governance_metrics_by_record ON governance_metrics (tenant, recorded_at, id)');
    this.addSql(`CREATE INDEX workflow_executions_by_end
      ON workflow_executions (tenant, (GREATEST(recorded_at, ended_at)), id) WHERE status <> 'running'`);
  }

  #add({ table, of, key, sums, latest }: Totals): void {
    const [counts, times] = [Object.keys(sums), Object.keys(latest)];
    this.addSql(`CREATE TABLE ${table} (
      ${key.map((column) => `${column} text NOT NULL`).join(', ')},
      ${counts.map((column) => `${column} bigint NOT NULL`).join(', ')},
      ${times.map((column) => `${column} timestamptz NOT NULL`).join(', ')},
      PRIMARY KEY (${key.join(', ')}))`);
    // In the order of the key, so that of two that count the same one waits for the other.
    const count = (from: string, sign: '' | '-'): string => `
      INSERT INTO ${table} AS present (${[...key, ...counts, ...times].join(', ')})
      SELECT ${key.join(', ')}, ${Object.values(sums)
        .map((sum) => `${sign}sum(${sum})`)
        .join(', ')},
        ${Object.values(latest)
          .map((time) => `max(${time})`)
          .join(', ')}
      FROM ${from} GROUP BY ${key.join(', ')} ORDER BY ${key.join(', ')}
      ON CONFLICT (${key.join(', ')}) DO UPDATE SET
        ${counts.map((column) => `${column} = present.${column} + excluded.${column}`).join(', ')},
        ${times.map((column) => `${column} = GREATEST(present.${column}, excluded.${column})`).join(', ')};`;
    this.addSql(count(of, ''));
    for (const [change, old, next] of [
      ['INSERT', '', 'NEW TABLE AS after_it'],
      ['UPDATE', 'OLD TABLE AS before_it', 'NEW TABLE AS after_it'],
      ['DELETE', 'OLD TABLE AS before_it', ''],
    ] as const) {
      const name = `${table}_${change.toLowerCase()}`;
      this.addSql(`CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        ${old && count('before_it', '-')} ${next && count('after_it', '')}
        RETURN NULL; END $$`);
      this.addSql(`CREATE TRIGGER ${name} AFTER ${change} ON ${of}
        REFERENCING ${old} ${next} FOR EACH STATEMENT EXECUTE FUNCTION ${name}()`);
    }
  }

  /** The columns of 009-governance.ts. */
  #replaceViews(): void {
    this.addSql(`CREATE OR REPLACE VIEW v_workflow_success_rate AS
      SELECT tenant, name AS workflow, sum(total)::bigint AS total, sum(running)::bigint AS running,
        sum(completed)::bigint AS completed, sum(failed)::bigint AS failed, sum(cancelled)::bigint AS cancelled,
        (sum(completed) / NULLIF(sum(total - running), 0))::double precision AS success_rate,
        (sum(duration_ms) / NULLIF(sum(total - running), 0))::double precision AS average_duration_ms,
        max(last_started_at) AS last_at
      FROM workflow_totals WHERE total > 0 GROUP BY tenant, name ORDER BY tenant, total DESC, name`);
    this.addSql(`CREATE OR REPLACE VIEW v_drag_mode_distribution AS
      SELECT tenant, mode, sum(total)::bigint AS total,
        (sum(total) / sum(sum(total)) OVER (PARTITION BY tenant))::double precision AS share,
        count(*) AS subjects,
        (sum(succeeded) / NULLIF(sum(decided), 0))::double precision AS success_rate,
        max(last_at) AS last_at
      FROM governance_totals WHERE total > 0 GROUP BY tenant, mode ORDER BY tenant, total DESC, mode`);
    const ofUsers = (table: string, columns: string): string => `
      SELECT tenant, substr(subject, 6) AS user_id, max(last_at) AS last_at, sum(total)::bigint AS total ${columns}
      FROM ${table} WHERE subject LIKE 'user:%' AND total > 0 GROUP BY tenant, substr(subject, 6)`;
    const statuses = ['running', 'completed', 'failed', 'cancelled'];
    this.addSql(`CREATE OR REPLACE VIEW v_user_activity AS
      SELECT u.tenant, u.user_id, string_to_array(u.roles, ',') AS user_roles,
        COALESCE(u.status, 'active') AS user_status,
        COALESCE(l.total, 0) + COALESCE(w.total, 0) AS total,
        ${statuses.map((status) => `COALESCE(w.${status}, 0) AS ${status}`).join(', ')},
        GREATEST(l.last_at, w.last_at) AS last_at
      FROM known_users u
      LEFT JOIN (${ofUsers('governance_totals', '')}) l ON l.tenant = u.tenant AND l.user_id = u.user_id
      LEFT JOIN (${ofUsers('workflow_totals', statuses.map((status) => `, sum(${status})::bigint AS ${status}`).join(''))}) w
        ON w.tenant = u.tenant AND w.user_id = u.user_id
      ORDER BY u.tenant, last_at DESC NULLS LAST, u.user_id`);
  }
}
