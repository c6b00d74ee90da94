import { type ConsentEvent, ConsentGranted, ConsentWithdrawn } from '@concordat/contracts';
import type { AppliedEvent } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';
import type { Statement } from 'better-sqlite3';
import type { ConsentTerms } from './consent.access';

/** Brings `consents` up to date. */
export function consentProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as ConsentEvent;
  const { tenant, time } = applied;
  const { persona, grantee } = event.data;
  switch (event.type) {
    case ConsentGranted.type: {
      const { scopes, expiresAt } = event.data;
      const sql = 'INSERT OR REPLACE INTO consents VALUES (?, ?, ?, ?, ?, ?)';
      return [{ sql, params: [tenant, persona, grantee, JSON.stringify(scopes), time, expiresAt] }];
    }
    case ConsentWithdrawn.type: {
      const sql = 'DELETE FROM consents WHERE tenant = ? AND persona = ? AND grantee = ?';
      return [{ sql, params: [tenant, persona, grantee] }];
    }
    default:
      return event satisfies never;
  }
}

export interface Consent extends ConsentTerms {
  readonly grantedAt: string;
}

interface ConsentRow {
  scopes: string;
  granted_at: string;
  expires_at: string | null;
}

/** Queries on `consents`. */
export class ConsentQueries {
  readonly #find: Statement<[string, string, string], ConsentRow>;

  constructor(db: Connection) {
    this.#find = db.prepare(
      'SELECT scopes, granted_at, expires_at FROM consents WHERE tenant = ? AND persona = ? AND grantee = ?',
    );
  }

  /** @returns undefined when it was never granted, or was withdrawn; it may have expired */
  find(tenant: string, persona: string, grantee: string): Consent | undefined {
    const row = this.#find.get(tenant, persona, grantee);
    if (!row) return undefined;
    const { scopes, granted_at: grantedAt, expires_at: expiresAt } = row;
    return { scopes: JSON.parse(scopes) as Consent['scopes'], grantedAt, expiresAt };
  }
}
