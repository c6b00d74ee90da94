import { TokenIssued } from '@concordat/contracts';
import type { AppliedEvent } from '@concordat/eventsourcing';
import type { SqlStatement } from '@concordat/sqlite';

/** A handshake is when an agent was last seen. */
export function handshakeProjection({ type, data, tenant, time }: AppliedEvent): SqlStatement[] {
  if (type !== TokenIssued.type) return [];
  const sql = 'UPDATE agent_identities SET last_seen = ? WHERE tenant = ? AND did = ?';
  return [{ sql, params: [time, tenant, String(data['did'])] }];
}
