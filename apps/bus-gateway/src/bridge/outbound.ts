import { activeTraceparent, inSpan } from '@concordat/runtime';
import { SpanKind } from '@opentelemetry/api';
import type { LeasedMessage } from '../bus/delivery-store';
import { toDelivery } from '../bus/delivery-view';
import { poll, type PollPorts } from '../bus/poll';
import { inboxOf } from '../bus/queue';
import { fromDelivery } from './bridge-entry';
import type { BridgeRights } from './bridge-rights';
import type { Bridge } from './bridge-store';
import type { OutStreams } from './out-streams';

export interface OutboundPorts extends PollPorts {
  readonly outStreams: OutStreams;
  readonly rights: Pick<BridgeRights, 'requireReceiver'>;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const batch = 16;
const leaseSeconds = 30;
const waitSeconds = 20;
const pauseMs = 250;

/**
 * Hands the messages of one inbox over to the stream that its agent reads. A message counts as delivered when it is durable
 * there; until then it is leased like any other, and comes again if this gateway dies.
 */
export class Outbound {
  readonly #end = new AbortController();
  readonly #loop: Promise<void>;

  constructor(
    private readonly ports: OutboundPorts,
    private readonly bridge: Bridge,
  ) {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#end.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { onError, sleep } = this.ports;
    while (!this.#end.signal.aborted) {
      try {
        if (!(await this.#pass())) await sleep(pauseMs);
      } catch (error) {
        if (!this.#end.signal.aborted) onError(error);
        await sleep(pauseMs);
      }
    }
  }

  /** @returns false when the agent has to read first */
  async #pass(): Promise<boolean> {
    const { rights, outStreams } = this.ports;
    const { bridge } = this;
    const { signal } = this.#end;
    rights.requireReceiver(bridge);
    const room = await outStreams.room(bridge);
    if (room <= 0) return false;
    const queue = inboxOf(bridge.tenant, bridge.did);
    const messages = await poll(this.ports, {
      ...{ queue, consumer: bridge.did, count: Math.min(batch, room), leaseSeconds, waitSeconds, signal },
      recheck: () => rights.requireReceiver(bridge),
    });
    let isAllThere = true;
    for (const message of messages) isAllThere = (await this.#handOver(message)) && isAllThere;
    return isAllThere;
  }

  async #handOver(message: LeasedMessage): Promise<boolean> {
    const { deliveries, outStreams } = this.ports;
    const { queue, id, secret, traceparent } = message;
    const span = {
      ...{ name: 'send bridge entry', kind: SpanKind.PRODUCER, traceparent: traceparent || null },
      attributes: { 'messaging.system': 'redis', 'messaging.operation.type': 'send' },
    };
    return inSpan(span, async () => {
      const entry = fromDelivery(toDelivery(message), activeTraceparent());
      const isThere = await outStreams.deliver(this.bridge, id, entry);
      const verb = isThere ? 'ack' : 'release';
      await deliveries.settle({ queue, id, secret, consumer: this.bridge.did, verb });
      return isThere;
    });
  }
}
