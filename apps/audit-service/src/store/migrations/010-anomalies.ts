import { Migration } from '@mikro-orm/migrations';

/** How agents behave, and what was unlike before (ADR 43). */
export class Migration010Anomalies extends Migration {
  override up(): void {
    // Written by ingest, read once and deleted: compressing it would cost more than it saves.
    this.addSql(`CREATE TABLE activity_batches (
      log_size   bigint NOT NULL PRIMARY KEY,
      activities text   NOT NULL)`);
    this.addSql('ALTER TABLE activity_batches ALTER COLUMN activities SET STORAGE EXTERNAL');
    this.addSql(`CREATE TABLE agent_behaviours (
      tenant    text        NOT NULL,
      agent     text        NOT NULL,
      behaviour text        NOT NULL,
      seen_at   timestamptz NOT NULL,
      PRIMARY KEY (tenant, agent))`);
    this.addSql(`CREATE TABLE agent_counterparties (
      tenant       text     NOT NULL,
      agent        text     NOT NULL,
      counterparty text     NOT NULL,
      messages     smallint NOT NULL,
      window_start bigint   NOT NULL,
      PRIMARY KEY (tenant, agent, counterparty))`);
    this.addSql(`CREATE TABLE anomalies (
      tenant         text             NOT NULL,
      id             uuid             NOT NULL,
      agent          text             NOT NULL,
      kind           text             NOT NULL,
      detected_at    timestamptz      NOT NULL,
      window_start   timestamptz      NOT NULL,
      window_seconds integer          NOT NULL,
      observed       double precision NOT NULL,
      expected       double precision NOT NULL,
      threshold      double precision NOT NULL,
      explanation    text             NOT NULL,
      examples       jsonb            NOT NULL,
      PRIMARY KEY (tenant, id))`);
    this.addSql('CREATE INDEX anomalies_by_time ON anomalies (tenant, detected_at, id)');
    this.addSql('CREATE INDEX anomalies_by_agent ON anomalies (tenant, agent, detected_at)');
    this.addSql(`CREATE TABLE anomaly_settings (
      tenant   text  NOT NULL PRIMARY KEY,
      settings jsonb NOT NULL)`);
  }
}
