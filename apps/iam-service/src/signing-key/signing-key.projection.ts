import { type DirectoryEntry, type Position, type SigningKeyEvent } from '@concordat/contracts';
import { type AppliedEvent, eventEpoch, eventPosition, type HeavyReads } from '@concordat/eventsourcing';
import type { SqlStatement } from '@concordat/sqlite';

/** Brings `signing_keys` up to date. */
export function signingKeyProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as SigningKeyEvent;
  const { kid, value } = event.data.publicKey;
  const sql = `INSERT INTO signing_keys VALUES (?, ?, ?, ${eventEpoch}, ${eventPosition})`;
  return [{ sql, params: [kid, value, applied.time] }];
}

interface SigningKeyRow {
  kid: string;
  public_key: string;
  activated_at: string;
  epoch: number;
  position: number;
}

/** For the directory of gateways, in order of key id. */
export async function signingKeyPage(
  reads: HeavyReads,
  after: string,
  limit: number,
): Promise<{ at: Position; entry: DirectoryEntry }[]> {
  const sql = 'SELECT * FROM signing_keys WHERE kid > ? ORDER BY kid LIMIT ?';
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
