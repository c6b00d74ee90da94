import { type EventEnvelope, MessagesPurged } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { MessageChange } from '../message/message-change';
import { insertRows, type Table } from '../store/bulk';
import type { Observation } from './behaviour';

/** What events tell of a sender and a recipient in a minute. */
export interface Activity extends Pick<Observation, 'minute' | 'sent' | 'ended' | 'failed'> {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
}

/** An event with what it tells of messages. */
export interface Told {
  readonly envelope: Pick<EventEnvelope, 'time' | 'type'>;
  readonly changes: readonly MessageChange[];
}

type Counts = { -readonly [K in keyof Activity]: Activity[K] };

/** Adds events up. Nothing of a payload is in it. */
export function activitiesOf(events: readonly Told[]): Activity[] {
  const activities = new Map<string, Counts>();
  for (const { envelope, changes } of events) {
    if (changes.length === 0) continue;
    const minute = Math.floor(Date.parse(envelope.time) / 60_000);
    // Somebody wanted it so: no error of the agents.
    const isPurged = envelope.type === MessagesPurged.type;
    for (const { tenant, from, to, status, acceptance } of changes) {
      const hasFailed = (status === 'FAILED' || status === 'EXPIRED') && !isPurged;
      const hasEnded = hasFailed || status === 'DELIVERED';
      if (!acceptance && !hasEnded) continue;
      const name = `${tenant} ${minute} ${from} ${to}`;
      let counts = activities.get(name);
      if (!counts)
        activities.set(name, (counts = { tenant, from, to, minute, sent: 0, ended: 0, failed: 0 }));
      if (acceptance) counts.sent++;
      if (hasEnded) counts.ended++;
      if (hasFailed) counts.failed++;
    }
  }
  return [...activities.values()];
}

/** What a batch of the log told of agents, until the job has read it. */
export interface ActivityBatch {
  /** Size of the log before the batch: it can be written once only. */
  readonly logSize: number;
  readonly activities: readonly Activity[];
}

const fieldCount = 7;

/** Names once, and of each activity the numbers: of tenant, sender and recipient among the names, minute and counts. */
export function batchText(activities: readonly Activity[]): string {
  const places = new Map<string, number>();
  const placeOf = (name: string): number => {
    const place = places.get(name) ?? places.size;
    places.set(name, place);
    return place;
  };
  const numbers = activities.flatMap(({ tenant, from, to, minute, sent, ended, failed }) => [
    ...[placeOf(tenant), placeOf(from), placeOf(to), minute, sent, ended, failed],
  ]);
  return JSON.stringify([[...places.keys()], numbers]);
}

export function readActivities(text: string): Activity[] {
  const [names, numbers] = JSON.parse(text) as [string[], number[]];
  return Array.from({ length: numbers.length / fieldCount }, (_, i) => {
    const [tenant, from, to, minute, sent, ended, failed] = numbers.slice(
      i * fieldCount,
      (i + 1) * fieldCount,
    ) as [...[number, number, number, number, number, number, number]];
    return { tenant: names[tenant]!, from: names[from]!, to: names[to]!, minute, sent, ended, failed };
  });
}

const table: Table<ActivityBatch> = {
  name: 'activity_batches',
  columns: [
    { name: 'log_size', type: 'int8', of: ({ logSize }) => logSize },
    { name: 'activities', type: 'text', of: ({ activities }) => batchText(activities) },
  ],
};

/**
 * Keeps what new events tell of agents, in the transaction that puts them into the log: so each counts once, however often
 * it is given. One row per batch; what follows from it, the job works out.
 */
export async function noteActivity(
  em: EntityManager,
  logSize: number,
  events: readonly Told[],
): Promise<void> {
  const activities = activitiesOf(events);
  if (activities.length > 0) await insertRows(em, table, [{ logSize, activities }]);
}

/** What an agent did, and what became of its messages, by agent. @param latest minute that counts: clocks may be wrong */
export function observationsOf(
  activities: readonly Activity[],
  latest: number,
): Map<string, { tenant: string; agent: string; observations: Observation[] }> {
  const agents = new Map<string, { tenant: string; agent: string; observations: Observation[] }>();
  const add = (tenant: string, agent: string, observation: Observation): void => {
    const name = `${tenant} ${agent}`;
    const known = agents.get(name);
    if (known) known.observations.push(observation);
    else agents.set(name, { tenant, agent, observations: [observation] });
  };
  for (const { tenant, from, to, minute: told, sent, ended, failed } of activities) {
    const minute = Math.min(told, latest);
    add(tenant, from, { minute, counterparty: to, sent, ended, failed });
    // A topic is nobody; what failed there, its senders tell.
    if (ended > 0 && to !== from && to.startsWith('did:'))
      add(tenant, to, { minute, counterparty: from, sent: 0, ended, failed });
  }
  return agents;
}
