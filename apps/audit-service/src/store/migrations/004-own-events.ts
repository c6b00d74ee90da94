import { Migration } from '@mikro-orm/migrations';

/**
 * What audit-service itself does: its events until they are in the log, and the commands that it has carried out. `output`
 * holds ids, times and numbers, nothing personal.
 */
export class Migration004OwnEvents extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE own_head (
      id         smallint NOT NULL PRIMARY KEY CHECK (id = 1),
      epoch      bigint   NOT NULL,
      head_epoch bigint   NOT NULL,
      position   bigint   NOT NULL,
      hash       bytea    NOT NULL)`);
    // Another database is another epoch: a position of one never passes for that of another.
    this.addSql(`INSERT INTO own_head (id, epoch, head_epoch, position, hash)
      VALUES (1, (extract(epoch FROM now()) * 1000)::bigint, 0, 0, decode(repeat('00', 32), 'hex'))`);
    this.addSql(`CREATE TABLE own_events (
      position    bigint NOT NULL PRIMARY KEY,
      epoch       bigint NOT NULL,
      prev_epoch  bigint NOT NULL,
      tenant      text   NOT NULL,
      type        text   NOT NULL,
      subject     text   NOT NULL,
      actor       text   NOT NULL,
      time        text   NOT NULL,
      correlation text,
      traceparent text,
      data        text   NOT NULL,
      prev_hash   bytea  NOT NULL,
      hash        bytea  NOT NULL)`);
    this.addSql(`CREATE TABLE own_commands (
      tenant   text        NOT NULL,
      id       text        NOT NULL,
      digest   bytea       NOT NULL,
      output   jsonb       NOT NULL,
      epoch    bigint      NOT NULL,
      position bigint      NOT NULL,
      at       timestamptz NOT NULL,
      PRIMARY KEY (tenant, id))`);
    this.addSql('CREATE INDEX own_commands_by_time ON own_commands (at)');
  }
}
