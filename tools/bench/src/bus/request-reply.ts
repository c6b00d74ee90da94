import { openLoop } from '@concordat/testing';
import { type LoggedIn, loggedInAgents } from '../bench-agent';
import { HttpClient } from '../http-client';
import { type BenchPlan, countsOf } from '../plan';
import { type BenchResult, result } from '../report';
import { summaryOf } from '../summary-of';
import type { System } from '../system';
import { within } from '../within';
import { Acceptances, busConditions, payloadOf } from './bus-message';
import { type Delivery, stopAll } from './consumer';
import { streamingConsumers } from './streaming-consumer';

/** So few that each finds the machine idle. */
const perSecond = 50;
const arrivalMs = 30_000;

/** A request from one agent to another, and the reply: four durable steps, two messages. */
export async function requestReply(system: System, plan: BenchPlan): Promise<BenchResult[]> {
  plan.tell('request and reply between two agents');
  const [asking, answering] = await loggedInAgents(system, 'rpc', 2);
  const conditions = busConditions();
  const accepted = new Acceptances();
  const asker = new Sender(system.url, asking!, accepted);
  const answerer = new Sender(system.url, answering!, accepted);
  const waiting = new Map<string, () => void>();
  const reply = ({ from, correlationId }: Delivery): Promise<void> =>
    answerer.send(from, 'RESPONSE', correlationId!);
  const consumers = [
    ...(await streamingConsumers(system.url, [answering!], {
      onDelivered: (items) => void Promise.allSettled(items.map(reply)),
    })),
    ...(await streamingConsumers(system.url, [asking!], {
      onDelivered: (items) => items.forEach(({ correlationId }) => waiting.get(correlationId!)?.()),
    })),
  ];
  const outcome = await openLoop({
    ...countsOf(plan, perSecond),
    send: async (index) => {
      const id = `rpc-${index}`;
      const replied = new Promise<void>((resolve) => waiting.set(id, resolve));
      await asker.send(answering!.did, 'QUERY', id);
      await within(arrivalMs, 'a reply', replied);
      waiting.delete(id);
    },
  });
  const failedRequests = await stopAll(consumers);
  asker.close();
  answerer.close();
  const { samples, p50, p95, p99, max } = summaryOf('requests', outcome);
  const how = {
    ...{ ...conditions, ...accepted.conditions, loop: 'open', perSecond, samples },
    ...{ failures: outcome.failures, failedRequests, mostInFlight: outcome.mostInFlight },
    ...{ p95Ms: p95, maxMs: max },
    path: 'POST /v1/messages, event stream of the other, POST /v1/messages, event stream; acknowledgements beside it',
    latency: 'from the moment at which the request was due until the reply was in hand',
  };
  return [result('bus.rpc.p50_ms', p50, 'ms', how), result('bus.rpc.p99_ms', p99, 'ms', how)];
}

class Sender {
  readonly #client: HttpClient;

  constructor(
    url: string,
    { credential }: LoggedIn,
    private readonly accepted: Acceptances,
  ) {
    this.#client = new HttpClient(url, credential, 4);
  }

  async send(to: string, type: 'QUERY' | 'RESPONSE', correlationId: string): Promise<void> {
    const message = { to, type, correlationId, payload: payloadOf('rpc', 0) };
    this.accepted.take(await this.#client.call('POST', '/v1/messages', message));
  }

  close(): void {
    this.#client.close();
  }
}
