import { Migration } from '@mikro-orm/migrations';

/**
 * Verifications of the database; what this witness has cosigned of other logs; what witnesses have cosigned of this one.
 * A checkpoint names the one before it, so that a row that is taken out is missed. When it was signed is told by nobody
 * whom one could check.
 */
export class Migration008Witness extends Migration {
  override up(): void {
    this.addSql('ALTER TABLE log_checkpoints DROP COLUMN signed_at, ADD COLUMN previous bigint');
    this.addSql(`UPDATE log_checkpoints SET previous = before.size
      FROM (SELECT size AS at, lag(size, 1, 0) OVER (ORDER BY size) AS size FROM log_checkpoints) before
      WHERE log_checkpoints.size = before.at`);
    this.addSql('ALTER TABLE log_checkpoints ALTER COLUMN previous SET NOT NULL');
    this.addSql(`CREATE TABLE audit_verifications (
      id          text        NOT NULL PRIMARY KEY,
      status      text        NOT NULL,
      started_at  timestamptz NOT NULL,
      seen_at     timestamptz NOT NULL,
      finished_at timestamptz,
      phase       text,
      checked     bigint      NOT NULL,
      size        bigint      NOT NULL,
      fault_count bigint      NOT NULL,
      faults      jsonb       NOT NULL)`);
    this.addSql(`CREATE TABLE witnessed_logs (
      origin text   NOT NULL PRIMARY KEY,
      size   bigint NOT NULL,
      root   bytea  NOT NULL,
      note   text   NOT NULL)`);
    this.addSql(`CREATE TABLE log_cosignatures (
      witness text   NOT NULL PRIMARY KEY,
      size    bigint NOT NULL,
      line    text   NOT NULL)`);
  }
}
