import {
  type DirectoryEntry,
  type Position,
  SigningKeyActivated,
  type SigningKeyEvent,
  SigningKeyRetired,
} from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition, type HeavyReads } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

/** Brings `signing_keys` up to date. */
export function signingKeyProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as SigningKeyEvent;
  switch (event.type) {
    case SigningKeyActivated.type: {
      const { kid, value } = event.data.publicKey;
      const next = '(SELECT coalesce(max(generation), 0) + 1 FROM signing_keys)';
      const sql = `INSERT INTO signing_keys VALUES (?, ?, ?, ${eventEpoch}, ${eventPosition}, ${next}, NULL)`;
      return [{ sql, params: [kid, value, applied.time] }];
    }
    case SigningKeyRetired.type:
      return [
        {
          sql: 'UPDATE signing_keys SET retired_at = ? WHERE kid = ?',
          params: [applied.time, event.data.kid],
        },
      ];
    default:
      return event satisfies never;
  }
}

interface SigningKeyRow {
  kid: string;
  public_key: string;
  activated_at: string;
  epoch: number;
  position: number;
  generation: number;
  retired_at: string | null;
}

/** @returns 0 before the first key */
export const latestGeneration = (db: Connection): number =>
  db.prepare<[], { latest: number }>('SELECT coalesce(max(generation), 0) AS latest FROM signing_keys').get()!
    .latest;

/** Keys that are not retired, the oldest first. */
export const signingKeysInUse = (
  db: Connection,
): { kid: string; generation: number; activatedAtMs: number }[] =>
  db
    .prepare<[], SigningKeyRow>('SELECT * FROM signing_keys WHERE retired_at IS NULL ORDER BY generation')
    .all()
    .map(({ kid, generation, activated_at }) => ({
      kid,
      generation,
      activatedAtMs: Date.parse(activated_at),
    }));

/** For the directory of gateways, in order of key id. */
export async function signingKeyPage(
  reads: HeavyReads,
  after: string,
  limit: number,
): Promise<{ at: Position; entry: DirectoryEntry }[]> {
  const sql = 'SELECT * FROM signing_keys WHERE kid > ? AND retired_at IS NULL ORDER BY kid LIMIT ?';
  const rows = await reads.all<SigningKeyRow>(sql, [after, limit]);
  return rows.map(({ kid, public_key, activated_at, epoch, position }) => ({
    at: { epoch, position },
    entry: {
      kind: 'signingKey',
      publicKey: { alg: 'Ed25519', kid, value: public_key },
      activatedAt: activated_at,
    },
  }));
}
