import type { OperationInput } from '@concordat/contracts';
import type { SqlStatement } from '@concordat/sqlite';

/**
 * Moves `last_seen` forward to what gateways report, in one statement per kind of credential. No event stands behind it:
 * who is there is not history, and a write per request would be.
 * @param latest RFC 3339; what a clock that runs ahead reports counts as now
 */
export const agentsSeen = (
  agents: OperationInput<'credential.seen'>['agents'],
  latest: string,
): SqlStatement => ({
  sql: `
    UPDATE agent_identities SET last_seen = seen.at
    FROM (
      SELECT value ->> 'tenant' AS tenant, value ->> 'did' AS did, max(min(value ->> 'at', $latest)) AS at
      FROM json_each($agents) GROUP BY 1, 2
    ) AS seen
    WHERE agent_identities.tenant = seen.tenant AND agent_identities.did = seen.did
      AND (last_seen IS NULL OR last_seen < seen.at)`,
  params: { agents: JSON.stringify(agents), latest },
});
