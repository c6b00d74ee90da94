import { randomUUID } from 'node:crypto';
import { type Anomaly, AnomalyDetected } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Append } from '../own-event/own-events';
import { type Activity, observationsOf } from './activity';
import { AnomalyEntity } from './anomaly-rows';
import { type Finding, type Met, newcomer, observe } from './behaviour';
import {
  type AgentBehaviour,
  type AgentMet,
  type AgentName,
  readBehaviours,
  readMet,
  writeBehaviours,
  writeMet,
} from './behaviour-store';
import { explanationOf } from './explanation';
import { type Rules, rulesOf } from './rules';
import { readSettings } from './settings';

/**
 * Adds activities to what is known of agents, and keeps the anomalies that show. Must be called inside a transaction.
 * @param append tells of an anomaly
 */
export async function learn(
  em: EntityManager,
  append: Append,
  activities: readonly Activity[],
  now: Date,
): Promise<Anomaly[]> {
  // A clock that is ahead must not close the windows of today.
  const latest = Math.floor(now.getTime() / 60_000) + 1;
  const agents = [...observationsOf(activities, latest).values()];
  const known = new Map((await readBehaviours(em, agents)).map((row) => [nameOf(row), row.behaviour]));
  const metBy = await metByAgent(em, agents);
  const rules = await rulesByTenant(em, agents);
  const [behaviours, pairs, found]: [AgentBehaviour[], AgentMet[], [string, Anomaly][]] = [[], [], []];
  for (const { tenant, agent, observations } of agents) {
    const by = rules.get(tenant)!(agent);
    const met = metBy.get(nameOf({ tenant, agent })) ?? new Map<string, Met>();
    const before = new Map(met);
    const past = known.get(nameOf({ tenant, agent })) ?? newcomer(by.windowSeconds);
    const { behaviour, findings } = observe(past, observations, met, by);
    behaviours.push({ tenant, agent, behaviour, seenAt: now.toISOString() });
    for (const [counterparty, after] of met)
      if (!isSame(before.get(counterparty), after)) pairs.push({ tenant, agent, counterparty, met: after });
    for (const finding of findings) found.push([tenant, anomalyOf(agent, finding, now)]);
  }
  await writeBehaviours(em, behaviours);
  await writeMet(em, pairs);
  for (const [tenant, anomaly] of found) {
    const { detectedAt, windowStart, ...facts } = anomaly;
    const times = { detectedAt: new Date(detectedAt), windowStart: new Date(windowStart) };
    await em.insert(AnomalyEntity, { tenant, ...facts, ...times });
    append({ spec: AnomalyDetected, tenant, actor: 'service:audit', data: anomaly });
  }
  return found.map(([, anomaly]) => anomaly);
}

type Agents = readonly (AgentName & {
  readonly observations: readonly { readonly counterparty: string }[];
})[];

const isSame = (before: Met | undefined, after: Met): boolean =>
  before?.messages === after.messages && before.window === after.window;

const nameOf = ({ tenant, agent }: AgentName): string => `${tenant} ${agent}`;

async function metByAgent(em: EntityManager, agents: Agents): Promise<Map<string, Map<string, Met>>> {
  const asked = agents.flatMap(({ tenant, agent, observations }) =>
    [...new Set(observations.map(({ counterparty }) => counterparty))].map((counterparty) => ({
      ...{ tenant, agent, counterparty },
    })),
  );
  const metBy = new Map<string, Map<string, Met>>();
  for (const row of await readMet(em, asked)) {
    const met = metBy.get(nameOf(row)) ?? new Map<string, Met>();
    metBy.set(nameOf(row), met.set(row.counterparty, row.met));
  }
  return metBy;
}

async function rulesByTenant(
  em: EntityManager,
  agents: readonly { readonly tenant: string }[],
): Promise<Map<string, (agent: string) => Rules>> {
  const rules = new Map<string, (agent: string) => Rules>();
  for (const tenant of new Set(agents.map((agent) => agent.tenant)))
    rules.set(tenant, rulesOf(await readSettings(em, tenant)));
  return rules;
}

function anomalyOf(agent: string, finding: Finding, now: Date): Anomaly {
  const { kind, observed, expected, threshold, window, windowSeconds, examples } = finding;
  return {
    ...{ id: randomUUID(), agent, kind, detectedAt: now.toISOString() },
    ...{ windowStart: new Date(window * 1_000).toISOString(), windowSeconds },
    ...{ observed, expected, threshold, explanation: explanationOf(finding), examples: [...examples] },
  };
}
