import {
  asConcordatError,
  BridgeEntryRefused,
  type ConcordatError,
  type ErrorCode,
  operations,
} from '@concordat/contracts';
import { activeTraceparent, inSpan } from '@concordat/runtime';
import type { RefusalFeed } from '@concordat/streams';
import { SpanKind } from '@opentelemetry/api';
import type Redis from 'ioredis';
import type { OperationRouter } from '../edge/operation-router';
import { fieldsOf, fromRefusal, toMessage } from './bridge-entry';
import type { BridgeRights } from './bridge-rights';
import { type Bridge, keysOf } from './bridge-store';
import type { OutStreams } from './out-streams';
import { gatewayGroup } from './redis-users';

export interface InboundPorts {
  readonly redis: Pick<Redis, 'xautoclaim' | 'xdel' | 'xack' | 'xreadgroup'>;
  /** A connection of its own. */
  readonly blocking: Pick<Redis, 'xreadgroup'>;
  /** Stable name of this gateway. */
  readonly consumer: string;
  readonly rights: Pick<BridgeRights, 'senderOf'>;
  readonly router: Pick<OperationRouter, 'route'>;
  readonly refusals: Pick<RefusalFeed, 'append'>;
  readonly outStreams: OutStreams;
  readonly signal: AbortSignal;
  readonly monotonicMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly onError: (error: unknown) => void;
  /** What another gateway has taken and not finished for so long is taken over; longer than any request lasts. */
  readonly claimIdleMs: number;
}

const batch = 64;
const waitMs = 500;
const retryMs = 100;
/** The entry waits; anything else is a refusal. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['SERVICE_UNAVAILABLE', 'OVERLOADED', 'DIRECTORY_STALE', 'RATE_LIMITED'] as const),
  ...(['POSITION_NOT_REACHED', 'COMMAND_EXPIRED'] as const),
]);

type StreamEntry = [id: string, fields: string[]];

interface Inflow {
  readonly bridge: Bridge;
  /** Entries that were handed out to this gateway may be unfinished: they come before new ones. */
  isHeld: boolean;
}

/**
 * Takes what agents have written, each stream in its order: publishes it once, or refuses it, and only then takes it out
 * of the stream. A gateway that dies leaves its entries to itself or to another one; the id of the entry names the
 * command, so it has one effect.
 */
export class Inbound {
  readonly #inflows = new Map<string, Inflow>();
  #claimedAtMs: number;

  constructor(private readonly ports: InboundPorts) {
    this.#claimedAtMs = ports.monotonicMs();
  }

  /** From now on these, whose streams and groups are there. */
  serve(bridges: readonly Bridge[]): void {
    const streams = new Map(bridges.map((bridge) => [keysOf(bridge).in, bridge]));
    for (const stream of this.#inflows.keys()) if (!streams.has(stream)) this.#inflows.delete(stream);
    for (const [stream, bridge] of streams)
      this.#inflows.set(stream, { bridge, isHeld: this.#inflows.get(stream)?.isHeld ?? true });
  }

  /** One round; waits for a bounded time when there is nothing. @throws what Redis says, when a stream is gone too */
  async pass(): Promise<void> {
    const { blocking, consumer, sleep } = this.ports;
    await this.#takeOver();
    const held = [...this.#inflows].filter(([, { isHeld }]) => isHeld);
    await Promise.all(held.map(([stream, inflow]) => this.#resume(stream, inflow)));
    const open = [...this.#inflows].filter(([, { isHeld }]) => !isHeld);
    const blockMs = open.length < this.#inflows.size ? retryMs : waitMs;
    if (open.length === 0) return sleep(blockMs);
    const streams = open.map(([stream]) => stream);
    const news = await blocking.xreadgroup(
      ...(['GROUP', gatewayGroup, consumer, 'COUNT', batch, 'BLOCK', blockMs, 'STREAMS'] as const),
      ...[...streams, ...streams.map(() => '>')],
    );
    const found = (news ?? []) as [string, StreamEntry[]][];
    await Promise.all(found.map(([stream, entries]) => this.#carryOut(stream, entries)));
  }

  async #resume(stream: string, inflow: Inflow): Promise<void> {
    const { redis, consumer } = this.ports;
    const reply = await redis.xreadgroup(
      'GROUP',
      gatewayGroup,
      consumer,
      'COUNT',
      batch,
      'STREAMS',
      stream,
      '0',
    );
    const [[, entries] = ['', []]] = (reply ?? []) as [string, StreamEntry[]][];
    inflow.isHeld = entries.length > 0;
    if (inflow.isHeld && (await this.#carryOut(stream, entries))) inflow.isHeld = entries.length >= batch;
  }

  async #takeOver(): Promise<void> {
    const { redis, consumer, claimIdleMs, monotonicMs } = this.ports;
    if (monotonicMs() - this.#claimedAtMs < claimIdleMs) return;
    this.#claimedAtMs = monotonicMs();
    for (const [stream, inflow] of this.#inflows) {
      const reply = await redis.xautoclaim(
        ...([stream, gatewayGroup, consumer, claimIdleMs, '0-0', 'COUNT', batch, 'JUSTID'] as const),
      );
      if ((reply as [string, string[]])[1].length > 0) inflow.isHeld = true;
    }
  }

  /** @returns false when an entry has to wait, and those behind it with it */
  async #carryOut(stream: string, entries: readonly StreamEntry[]): Promise<boolean> {
    const { redis, signal, onError } = this.ports;
    const inflow = this.#inflows.get(stream);
    if (!inflow) return false;
    try {
      for (const [id, fields] of entries) {
        signal.throwIfAborted();
        // Null: another one has finished it.
        if (fields as string[] | null) await this.#take(inflow.bridge, id, fields);
        // In this order: a stream holds nothing that nobody waits for.
        await redis.xdel(stream, id);
        await redis.xack(stream, gatewayGroup, id);
      }
      return true;
    } catch (error) {
      inflow.isHeld = true;
      if (!signal.aborted) onError(error);
      return false;
    }
  }

  async #take(bridge: Bridge, id: string, flat: readonly string[]): Promise<void> {
    try {
      await this.#publish(bridge, id, flat);
    } catch (error) {
      const known = asConcordatError(error);
      if (passing.has(known.code)) throw known;
      await this.#refuse(bridge, id, known);
    }
  }

  async #publish(bridge: Bridge, id: string, flat: readonly string[]): Promise<void> {
    const { rights, router, signal } = this.ports;
    const fields = fieldsOf(flat);
    const span = {
      ...{ name: 'process bridge entry', kind: SpanKind.CONSUMER },
      traceparent: fields.get('traceparent') ?? null,
      attributes: { 'messaging.system': 'redis', 'messaging.operation.type': 'process' },
    };
    // The stream is what a connection is elsewhere: whoever it was given to speaks over it.
    const connection = { caller: () => rights.senderOf(bridge), signal, close: () => undefined };
    await inSpan(span, async () =>
      router.route({
        ...{
          operation: operations['message.send'],
          input: toMessage(fields, bridge.did),
          signal,
          connection,
        },
        idempotencyKey: `bridge-${bridge.id}-${id}`,
        ...{ authorization: undefined, minPosition: undefined, conversation: undefined, address: null },
      }),
    );
  }

  /** In the audit trail first, then told to the agent, if its stream has room. */
  async #refuse(bridge: Bridge, id: string, error: ConcordatError): Promise<void> {
    const { tenant, did } = bridge;
    await this.ports.refusals.append({
      ...{ spec: BridgeEntryRefused, key: `bridge ${tenant} ${did} ${error.code}`, tenant },
      ...{ actor: `agent:${did}`, data: { did, code: error.code } },
      ...{ correlation: null, traceparent: activeTraceparent() },
    });
    await this.ports.outStreams.deliver(bridge, id, fromRefusal(id, error));
  }
}
