import {
  AgentErased,
  type AgentEvent,
  AgentKeyRotated,
  AgentRegistered,
  AgentRevoked,
  type AlgorithmValue,
  type DatedKey,
} from '@concordat/contracts';
import type { AppliedEvent } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';

// A clock that was set back must not make a key that ends before it begins, nor a time at which two keys count.
const end = `
  UPDATE agent_keys SET valid_until = max(valid_from, $time)
  WHERE tenant = $tenant AND did = $did AND valid_until IS NULL`;

const begin = `
  INSERT INTO agent_keys (tenant, did, number, alg, kid, public_key, valid_from)
  SELECT $tenant, $did, coalesce(max(number), 0) + 1, $alg, $kid, $value, max($time, coalesce(max(valid_until), ''))
  FROM agent_keys WHERE tenant = $tenant AND did = $did`;

/** Brings `agent_keys` up to date: a key counts from when it came until it was replaced or its agent ended. */
export function agentKeyProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as AgentEvent;
  const { tenant, time } = applied;
  const { did } = event.data;
  const ended = { sql: end, params: { tenant, did, time } };
  const begun = (keys: readonly AlgorithmValue[]): SqlStatement[] =>
    keys.map(({ alg, kid, value }) => ({ sql: begin, params: { tenant, did, time, alg, kid, value } }));
  switch (event.type) {
    case AgentRegistered.type:
      return begun(event.data.publicKeys);
    case AgentKeyRotated.type:
      return [ended, ...begun(event.data.publicKeys)];
    case AgentRevoked.type:
    case AgentErased.type:
      return [ended];
    default:
      return [];
  }
}

interface KeyRow {
  number: number;
  alg: DatedKey['alg'];
  kid: string;
  public_key: string;
  valid_from: string;
  valid_until: string | null;
}

/** Queries on `agent_keys`. */
export class AgentKeyQueries {
  constructor(private readonly db: Connection) {}

  /** Oldest first. @param after number of the last key of the page before */
  list(
    tenant: string,
    did: string,
    after: number,
    limit: number,
  ): { readonly key: DatedKey; readonly number: number }[] {
    const rows = this.db
      .prepare<[string, string, number, number], KeyRow>(
        'SELECT * FROM agent_keys WHERE tenant = ? AND did = ? AND number > ? ORDER BY number LIMIT ?',
      )
      .all(tenant, did, after, limit);
    return rows.map(({ number, alg, kid, public_key, valid_from, valid_until }) => ({
      number,
      key: { alg, kid, value: public_key, validFrom: valid_from, validUntil: valid_until },
    }));
  }
}
