import { Migration } from '@mikro-orm/migrations';

/** Erasures whose key may still exist; those that came before this table did are among them. */
export class Migration002Erasures extends Migration {
  override up(): void {
    this.addSql(`CREATE TABLE pending_erasures (
      tenant  text NOT NULL,
      subject text NOT NULL,
      PRIMARY KEY (tenant, subject))`);
    this.addSql(`INSERT INTO pending_erasures (tenant, subject)
      SELECT DISTINCT tenant, subject FROM audit_events
      WHERE type = 'concordat.iam.agent.erased.v1' AND source = '/concordat/iam'`);
  }
}
