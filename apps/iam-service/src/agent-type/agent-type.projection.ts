import {
  AgentTypeDefined,
  type AgentTypeEvent,
  AgentTypeRemoved,
  builtInAgentTypes,
  limits,
} from '@concordat/contracts';
import { type AppliedEvent, refusal } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';
import type { AgentType } from './agent-type.decider';

/** Brings `agent_types` up to date. */
export function agentTypeProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as AgentTypeEvent;
  const { tenant, time } = applied;
  const { name } = event.data;
  switch (event.type) {
    case AgentTypeDefined.type: {
      const sql = `INSERT INTO agent_types (tenant, name, description, defined_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (tenant, name) DO UPDATE SET description = excluded.description`;
      const full = refusal({
        code: 'AGENT_TYPES_FULL',
        detail: `A tenant has at most ${limits.agentTypes} types of its own.`,
        when: `(SELECT count(*) FROM agent_types WHERE tenant = ? AND name <> ?) >= ${limits.agentTypes}`,
        params: [tenant, name],
      });
      return [full, { sql, params: [tenant, name, event.data.description, time] }];
    }
    case AgentTypeRemoved.type: {
      const inUse = refusal({
        code: 'AGENT_TYPE_IN_USE',
        detail: 'There are agents of this type.',
        when: `EXISTS (SELECT 1 FROM agent_identities INDEXED BY agents_by_type
          WHERE tenant = ? AND agent_type = ? AND status <> 'erased')`,
        params: [tenant, name],
      });
      return [
        inUse,
        { sql: 'DELETE FROM agent_types WHERE tenant = ? AND name = ?', params: [tenant, name] },
      ];
    }
    default:
      return event satisfies never;
  }
}

/** What must hold when an agent gets a type: it is built in, or defined in the tenant at that very moment. */
export function agentTypeRules(tenant: string, name: string): SqlStatement[] {
  if ((builtInAgentTypes as readonly string[]).includes(name)) return [];
  return [
    refusal({
      code: 'AGENT_TYPE_UNKNOWN',
      detail: 'There is no such agent type in this tenant.',
      when: 'NOT EXISTS (SELECT 1 FROM agent_types WHERE tenant = ? AND name = ?)',
      params: [tenant, name],
    }),
  ];
}

/** Queries on `agent_types`. */
export class AgentTypeQueries {
  constructor(private readonly db: Connection) {}

  /** By name. There are at most `limits.agentTypes`. */
  list(tenant: string): AgentType[] {
    return this.db
      .prepare<[string], AgentType>(
        'SELECT name, description, defined_at AS definedAt FROM agent_types WHERE tenant = ? ORDER BY name',
      )
      .all(tenant);
  }
}
