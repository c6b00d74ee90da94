import { limits } from '@concordat/contracts';
import { refusal } from '@concordat/eventsourcing';
import type { SqlStatement } from '@concordat/sqlite';

/** The chain above the controller that is to be, itself first. Ends also in a store whose chains are longer. */
const above = `
  WITH RECURSIVE above (did, depth) AS (
    SELECT $controller, 1
    UNION ALL
    SELECT a.controller_did, depth + 1 FROM above JOIN agent_identities a ON a.tenant = $tenant AND a.did = above.did
    WHERE a.controller_did IS NOT NULL AND depth < 64
  )`;

/** How far down agents hang below the one that gets a controller. */
const below = `
  WITH RECURSIVE below (did, depth) AS (
    SELECT $did, 0
    UNION ALL
    SELECT a.did, depth + 1 FROM below JOIN agent_identities a ON a.tenant = $tenant AND a.controller_did = below.did
    WHERE depth < ${limits.controllerDepth}
  )`;

const controllerStatus = '(SELECT status FROM agent_identities WHERE tenant = $tenant AND did = $controller)';

/**
 * What must hold when an agent gets a controller: that is an active agent of the tenant, nobody comes to control himself,
 * and no chain gets longer than its bound. Decided in the transaction of the change, so that two changes at the same time
 * cannot make a cycle together.
 */
export function controllerRules(tenant: string, did: string, controller: string | null): SqlStatement[] {
  if (controller === null) return [];
  const subject = { tenant, controller };
  const both = { tenant, did, controller };
  return [
    refusal({
      code: 'AGENT_UNKNOWN',
      detail: 'There is no such agent as the controller.',
      when: `${controllerStatus} IS NULL`,
      params: subject,
    }),
    refusal({
      code: 'AGENT_REVOKED',
      detail: 'The controller is revoked.',
      when: `${controllerStatus} IN ('revoked', 'erased')`,
      params: subject,
    }),
    refusal({
      code: 'AGENT_SUSPENDED',
      detail: 'The controller is suspended.',
      when: `${controllerStatus} = 'suspended'`,
      params: subject,
    }),
    refusal({
      code: 'CONTROLLER_CYCLE',
      detail: 'The controller is controlled by the agent itself, directly or through others.',
      when: `EXISTS (${above} SELECT 1 FROM above WHERE did = $did)`,
      params: both,
    }),
    refusal({
      code: 'CONTROLLER_CHAIN_TOO_LONG',
      detail: `A chain of controllers has at most ${limits.controllerDepth} of them.`,
      when: `(${above} SELECT max(depth) FROM above) + (${below} SELECT max(depth) FROM below) > ${limits.controllerDepth}`,
      params: both,
    }),
  ];
}
