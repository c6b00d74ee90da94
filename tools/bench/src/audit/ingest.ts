import { HttpClient } from '../http-client';
import { logSize } from '../log-size';
import type { BenchPlan } from '../plan';
import { type BenchResult, result } from '../report';
import type { System } from '../system';
import { type BusFeeds, eventsPerTen, payloadBytes } from './feed-events';
import { rawInsertPerS } from './raw-insert';

/** Messages that lie ready before audit-service may go on. */
const roundMessages = 40_000;
/** Often enough for the figure, and so seldom that asking takes nothing from it. */
const pollMs = 50;

/**
 * Events per second that audit-service puts into the log: it is stopped (SIGSTOP) while they are written to Redis, so that
 * the writer takes no time from it, and goes on when they are all there; until a signed checkpoint covers them.
 */
export async function ingest(system: System, plan: BenchPlan, feeds: BusFeeds): Promise<BenchResult[]> {
  const client = new HttpClient(system.url, undefined, 1);
  const rates: number[] = [];
  let events = 0;
  let seconds = 0;
  while (events < plan.events) {
    plan.tell(`ingest: ${events} of ${plan.events} events`);
    const messages = Math.min(roundMessages, Math.ceil((plan.events - events) / eventsPerTen) * 10);
    const count = (messages / 10) * eventsPerTen;
    const tookS = await round(system, client, feeds, messages, count);
    rates.push(count / tookS);
    events += count;
    seconds += tookS;
  }
  client.close();
  const raw = await rawInsertPerS(system, plan);
  const perRound = rates.map((rate) => Math.round(rate)).join(' ');
  return [
    result(
      'audit.ingest.per_s',
      events / seconds,
      '1/s',
      {
        ...{ events, rounds: rates.length, perRound, payloadBytes, durability: 'synchronous_commit=on' },
        mix: 'of ten messages: ten accepted, one event that they were sent, one that they were acknowledged',
        path: 'Redis streams, judged, sealed, rows, messages, leaves, tiles and head in one transaction, checkpoint signed',
        limitIs:
          'rows of the same events and messages by INSERT … SELECT FROM unnest, 1,000 events a transaction, nothing else',
      },
      raw,
    ),
  ];
}

async function round(
  system: System,
  client: HttpClient,
  feeds: BusFeeds,
  messages: number,
  count: number,
): Promise<number> {
  const { pid } = system.process('audit-service');
  const before = await logSize(client);
  process.kill(pid, 'SIGSTOP');
  try {
    await feeds.publish(messages);
  } finally {
    process.kill(pid, 'SIGCONT');
  }
  const begun = performance.now();
  while ((await logSize(client)) < before + count)
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  return (performance.now() - begun) / 1_000;
}
