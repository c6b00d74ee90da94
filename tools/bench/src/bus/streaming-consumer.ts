import { type ClientRequest, get } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoggedIn } from '../bench-agent';
import { HttpClient } from '../http-client';
import type { Consumer, ConsumerHooks, Delivery } from './consumer';

/** Deliveries in flight. */
const credits = 100;
const openAtOnce = 10;
const openAttempts = 5;

/** An agent whose messages come over one connection (server-sent events); it acknowledges each as it comes. */
export class StreamingConsumer implements Consumer {
  failures = 0;
  readonly #settling: HttpClient;
  readonly #stream: ClientRequest;
  readonly #acks = new Set<Promise<void>>();
  /** The answer has begun. */
  readonly open: Promise<void>;
  #isStopped = false;

  constructor(
    url: string,
    { credential }: LoggedIn,
    private readonly hooks: ConsumerHooks,
  ) {
    this.#settling = new HttpClient(url, credential, 4);
    const headers = { authorization: credential, accept: 'text/event-stream' };
    this.#stream = get(`${url}/v1/inbox/stream?credits=${credits}`, { agent: false, headers });
    this.open = new Promise((resolve, reject) => {
      this.#stream.once('response', (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          const events = (text + chunk).split('\n\n');
          text = events.pop()!;
          this.#take(events.flatMap(deliveryOf));
        });
        response.on('error', () => this.#broken());
        response.on('end', () => this.#broken());
        if (response.statusCode === 200) resolve();
        else reject(new Error(`GET /v1/inbox/stream: ${response.statusCode}`));
      });
      this.#stream.once('error', (error) => (this.#isStopped ? resolve() : reject(error)));
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#acks);
    this.#stream.destroy();
    this.#settling.close();
  }

  #take(items: readonly Delivery[]): void {
    if (items.length === 0) return;
    this.hooks.onDelivered?.(items);
    const tokens = items.map(({ deliveryToken }) => deliveryToken);
    const ack: Promise<void> = this.#settling
      .call('POST', '/v1/inbox/ack', { tokens })
      .then(
        () => this.hooks.onAcked?.(items),
        () => void this.failures++,
      )
      .finally(() => this.#acks.delete(ack));
    this.#acks.add(ack);
  }

  #broken(): void {
    if (!this.#isStopped) this.failures++;
  }
}

function deliveryOf(event: string): Delivery[] {
  const data = /^event: item\ndata: (.+)$/m.exec(event)?.[1];
  return data === undefined ? [] : [JSON.parse(data) as Delivery];
}

/** One for each agent, when all of their streams are open. @throws Error when one of them is refused for good */
export async function streamingConsumers(
  url: string,
  agents: readonly LoggedIn[],
  hooks: ConsumerHooks,
): Promise<Consumer[]> {
  const consumers: Consumer[] = [];
  for (let i = 0; i < agents.length; i += openAtOnce) {
    const some = agents.slice(i, i + openAtOnce);
    consumers.push(...(await Promise.all(some.map((agent) => opened(url, agent, hooks)))));
  }
  return consumers;
}

/** A machine that is busy otherwise may refuse a stream for a moment; nothing is measured yet. */
async function opened(url: string, agent: LoggedIn, hooks: ConsumerHooks): Promise<Consumer> {
  for (let attempt = 1; ; attempt++) {
    const consumer = new StreamingConsumer(url, agent, hooks);
    try {
      await consumer.open;
      return consumer;
    } catch (error) {
      await consumer.stop();
      if (attempt === openAttempts) throw error;
      await delay(1_000);
    }
  }
}
