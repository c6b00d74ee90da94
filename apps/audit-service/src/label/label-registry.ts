import type { AuditLabel } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { Transaction } from '../store/statement';

const periodMs = 1_000;

/** The labels of a tenant, and since when. */
export interface Declaration {
  readonly labels: readonly AuditLabel[];
  readonly updatedAt: Date;
}

export async function readDeclaration(em: Transaction, tenant: string): Promise<Declaration | undefined> {
  const sql = 'SELECT labels, updated_at AS "updatedAt" FROM audit_labels WHERE tenant = ?';
  const [row] = await queryRows<Declaration>(em, sql, [tenant]);
  return row && { ...row, updatedAt: new Date(row.updatedAt) };
}

export async function writeDeclaration(
  em: EntityManager,
  tenant: string,
  { labels, updatedAt }: Declaration,
): Promise<void> {
  const sql = `INSERT INTO audit_labels (tenant, labels, updated_at) VALUES (?, ?::jsonb, ?)
    ON CONFLICT (tenant) DO UPDATE SET labels = excluded.labels, updated_at = excluded.updated_at`;
  await queryRows(em, sql, [tenant, JSON.stringify(labels), updatedAt]);
}

/** The labels of all tenants, as ingest needs them: at hand, and not older than a second while the database answers. */
export class LabelRegistry implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #labels: ReadonlyMap<string, readonly AuditLabel[]> = new Map();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly store: AuditStore,
    private readonly logger: Pick<Logger, 'debug'>,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.#refresh(), periodMs);
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.#timer);
  }

  of(tenant: string): readonly AuditLabel[] {
    return this.#labels.get(tenant) ?? [];
  }

  /** @throws ConcordatError SERVICE_UNAVAILABLE */
  async load(): Promise<void> {
    const rows = await this.store.snapshot((em) =>
      queryRows<{ tenant: string; labels: AuditLabel[] }>(em, 'SELECT tenant, labels FROM audit_labels'),
    );
    this.#labels = new Map(rows.map(({ tenant, labels }) => [tenant, labels]));
  }

  async #refresh(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      this.logger.debug({ error }, 'labels were not read again');
    }
  }
}
