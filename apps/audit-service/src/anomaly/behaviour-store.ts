import type { EntityManager } from '@mikro-orm/postgresql';
import { insertRows, rowsWhere, type Table } from '../store/bulk';
import type { Behaviour, Met } from './behaviour';

/** What is known of agents, and whom they have met. Every function belongs into a transaction. */

/** Of one statement: it must answer in time. */
const rowsAtOnce = 5_000;

function* chunksOf<T>(rows: readonly T[]): Generator<readonly T[]> {
  for (let i = 0; i < rows.length; i += rowsAtOnce) yield rows.slice(i, i + rowsAtOnce);
}

export interface AgentName {
  readonly tenant: string;
  readonly agent: string;
}

export interface AgentBehaviour extends AgentName {
  readonly behaviour: Behaviour;
  /** RFC 3339 */
  readonly seenAt: string;
}

export interface AgentMet extends AgentName {
  readonly counterparty: string;
  readonly met: Met;
}

type Remembered = [sent: number, recipients: number, ended: number, failed: number];

/** Numbers alone of the windows: it is read and written every few seconds while an agent is active. */
export const behaviourText = ({ history, ...behaviour }: Behaviour): string =>
  JSON.stringify({
    ...behaviour,
    history: history.map(({ sent, recipients, ended, failed }): Remembered => [
      ...([sent, recipients, ended, failed] as const),
    ]),
  });

export function readBehaviour(text: string): Behaviour {
  const { history, ...behaviour } = JSON.parse(text) as Omit<Behaviour, 'history'> & {
    readonly history: readonly Remembered[];
  };
  return {
    ...behaviour,
    history: history.map(([sent, recipients, ended, failed]) => ({
      ...{ sent, recipients, fresh: 0, ended, failed },
    })),
  };
}

export async function readBehaviours(
  em: EntityManager,
  agents: readonly AgentName[],
): Promise<(AgentName & { readonly behaviour: Behaviour })[]> {
  const found: (AgentName & { readonly behaviour: Behaviour })[] = [];
  for (const chunk of chunksOf(agents)) {
    const rows = await rowsWhere<AgentName & { behaviour: string }>(
      em,
      `SELECT tenant, agent, behaviour FROM agent_behaviours
       JOIN unnest(?::text[], ?::text[]) AS asked (tenant, agent) USING (tenant, agent)`,
      chunk.map(({ tenant }) => tenant),
      chunk.map(({ agent }) => agent),
    );
    for (const row of rows) found.push({ ...row, behaviour: readBehaviour(row.behaviour) });
  }
  return found;
}

export async function readMet(
  em: EntityManager,
  asked: readonly Omit<AgentMet, 'met'>[],
): Promise<AgentMet[]> {
  const found: AgentMet[] = [];
  for (const chunk of chunksOf(asked)) {
    const rows = await rowsWhere<Omit<AgentMet, 'met'> & { messages: number; window_start: string }>(
      em,
      `SELECT tenant, agent, counterparty, messages, window_start FROM agent_counterparties
       JOIN unnest(?::text[], ?::text[], ?::text[]) AS asked (tenant, agent, counterparty)
       USING (tenant, agent, counterparty)`,
      chunk.map(({ tenant }) => tenant),
      chunk.map(({ agent }) => agent),
      chunk.map(({ counterparty }) => counterparty),
    );
    for (const { messages, window_start: window, ...name } of rows)
      found.push({ ...name, met: { messages, window: Number(window) } });
  }
  return found;
}

const behaviours: Table<AgentBehaviour> = {
  name: 'agent_behaviours',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'agent', type: 'text', of: ({ agent }) => agent },
    { name: 'behaviour', type: 'text', of: ({ behaviour }) => behaviourText(behaviour) },
    { name: 'seen_at', type: 'timestamptz', of: ({ seenAt }) => seenAt },
  ],
  onConflict:
    'ON CONFLICT (tenant, agent) DO UPDATE SET behaviour = excluded.behaviour, seen_at = excluded.seen_at',
};

const counterparties: Table<AgentMet> = {
  name: 'agent_counterparties',
  columns: [
    { name: 'tenant', type: 'text', of: ({ tenant }) => tenant },
    { name: 'agent', type: 'text', of: ({ agent }) => agent },
    { name: 'counterparty', type: 'text', of: ({ counterparty }) => counterparty },
    { name: 'messages', type: 'int2', of: ({ met }) => met.messages },
    { name: 'window_start', type: 'int8', of: ({ met }) => met.window },
  ],
  onConflict: `ON CONFLICT (tenant, agent, counterparty)
    DO UPDATE SET messages = excluded.messages, window_start = excluded.window_start`,
};

export async function writeBehaviours(em: EntityManager, rows: readonly AgentBehaviour[]): Promise<void> {
  for (const chunk of chunksOf(rows)) await insertRows(em, behaviours, chunk);
}

export async function writeMet(em: EntityManager, rows: readonly AgentMet[]): Promise<void> {
  for (const chunk of chunksOf(rows)) await insertRows(em, counterparties, chunk);
}

/** What is known of an agent that was erased, and the anomalies that told of it. */
export async function forgetBehaviour(em: EntityManager, { tenant, agent }: AgentName): Promise<void> {
  for (const table of ['agent_behaviours', 'agent_counterparties', 'anomalies'])
    await em.execute(`DELETE FROM ${table} WHERE tenant = ? AND agent = ?`, [tenant, agent]);
}
