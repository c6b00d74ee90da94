import {
  type AlgorithmValue,
  asConcordatError,
  ConcordatError,
  limits,
  type Position,
  type Service,
  toErrorFrame,
} from '@concordat/contracts';
import type { Signer } from '@concordat/crypto';
import { context, propagation, SpanKind, trace } from '@opentelemetry/api';
import type { RedisConnection } from '../redis-connection';
import { fromRedisError } from '../redis-error';
import { streamKeys } from '../keys';
import { FrameReader, sendFrame } from './frame-stream';
import {
  type ReplyFrame,
  requestFrame,
  type RequestFrame,
  type StreamFrame,
  type UnknownSession,
} from './frames';
import { type CalledSession, ServerSessions } from './server-sessions';

export interface RpcResult {
  readonly output: unknown;
  readonly position: Position | null;
}

export type Callers = Readonly<Partial<Record<Service, readonly string[]>>>;

export interface RpcServerOptions {
  readonly commands: RedisConnection;
  readonly blocking: RedisConnection;
  readonly service: Service;
  readonly instance: string;
  readonly signer: Signer;
  readonly peers: Readonly<Record<Service, readonly AlgorithmValue[]>>;
  /** Services besides the gateway, and the operations that each may call. */
  readonly callers?: Callers;
  readonly handle: (request: RequestFrame) => Promise<RpcResult>;
  readonly nowMs: () => number;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const attributes = {
  'messaging.system': 'redis',
  'messaging.operation.type': 'send',
  'messaging.operation.name': 'reply',
};
/** Lifetime of an offer, and how often it is renewed. */
const offerMs = 300_000;
const renewMs = 120_000;
/** How often the offer is put back: the Redis behind may have lost it. */
const announceMs = 500;
const runningLimit = 1_000;

/** Answers sealed requests. A request that is sent again while it is being carried out is not carried out twice. */
export class RpcServer {
  readonly #sessions: ServerSessions;
  readonly #reader: FrameReader;
  readonly #running = new Map<string, Promise<void>>();
  readonly #end = new AbortController();
  #announcing: Promise<void> | undefined;

  constructor(private readonly options: RpcServerOptions) {
    this.#sessions = new ServerSessions({
      ...options,
      callers: ['bus', ...(Object.keys(options.callers ?? {}) as Service[])],
      offerMs,
    });
    const key = streamKeys.commands(options.service, options.instance);
    const onFrame = (frame: StreamFrame | UnknownSession): void => void this.#onFrame(frame);
    const { blocking, commands, onError } = options;
    this.#reader = new FrameReader({ blocking, commands, key, onError, onFrame });
  }

  start(): void {
    this.#reader.start();
    this.#announcing = this.#announce();
  }

  /** Withdraws the offer, finishes what is being carried out, and ends. */
  async stop(): Promise<void> {
    const { commands, service, instance } = this.options;
    this.#end.abort();
    // An offer that is on its way would be there again.
    await this.#announcing;
    await commands.hdel(streamKeys.offers(service), instance).catch(() => undefined);
    await this.#reader.stop();
    await Promise.all(this.#running.values());
  }

  async #announce(): Promise<void> {
    const { commands, service, instance, nowMs, sleep, onError } = this.options;
    let offer = await this.#sessions.renew();
    let renewedAtMs = nowMs();
    while (!this.#end.signal.aborted) {
      try {
        if (nowMs() - renewedAtMs >= renewMs) {
          offer = await this.#sessions.renew();
          renewedAtMs = nowMs();
        }
        await commands.hset(streamKeys.offers(service), instance, JSON.stringify(offer));
      } catch (error) {
        onError(fromRedisError(error));
      }
      await sleep(announceMs, this.#end.signal);
    }
  }

  async #onFrame(frame: StreamFrame | UnknownSession): Promise<void> {
    if ('unknownSession' in frame || !frame.replyTo) return;
    let request: RequestFrame;
    let called: CalledSession | undefined;
    try {
      called = this.#sessions.find(frame.session, frame.hello);
      if (!called) {
        await sendFrame(this.options.commands, frame.replyTo, { unknownSession: frame.session });
        return;
      }
      request = requestFrame.parse(JSON.parse(Buffer.from(called.session.open(frame)).toString()));
    } catch (error) {
      // Forged, replayed or broken: no answer that could tell a forger anything.
      this.options.onError(error);
      return;
    }
    const name = `${called.caller} ${request.correlation}`;
    if (this.#running.has(name)) return;
    const task = this.#carryOut(request, called, frame.replyTo).finally(() => this.#running.delete(name));
    this.#running.set(name, task);
  }

  async #carryOut(request: RequestFrame, { caller, session }: CalledSession, replyTo: string): Promise<void> {
    const reply = await this.#reply(request, caller);
    // A reply belongs to the trace of its request, whatever became of that.
    const parent = propagation.extract(context.active(), {
      traceparent: request.traceparent ?? '',
      tracestate: request.tracestate ?? '',
    });
    const span = trace
      .getTracer('concordat')
      .startSpan(`reply ${request.operation}`, { kind: SpanKind.PRODUCER, attributes }, parent);
    try {
      const sealed = session.seal(Buffer.from(JSON.stringify(reply)));
      const frame = { session: session.id, sequence: sealed.sequence, box: Buffer.from(sealed.box) };
      await sendFrame(this.options.commands, replyTo, { ...frame, hello: undefined, replyTo: undefined });
    } catch (error) {
      // The caller asks again, and the id of the command gives it the same outcome.
      this.options.onError(error);
    } finally {
      span.end();
    }
  }

  async #reply(request: RequestFrame, caller: Service): Promise<ReplyFrame> {
    const { correlation } = request;
    try {
      // Two clocks: what is refused here is long given up by the caller, not merely late by a clock that is ahead.
      const latestMs = request.deadlineMs + limits.clockSkewSeconds * 1_000;
      if (this.options.nowMs() > latestMs) throw new ConcordatError('COMMAND_EXPIRED');
      if (caller !== 'bus' && !this.options.callers?.[caller]?.includes(request.operation))
        throw new ConcordatError('ROUTE_UNKNOWN', `${caller} may not call ${request.operation}.`);
      if (this.#running.size >= runningLimit) throw new ConcordatError('OVERLOADED');
      const { output, position } = await this.options.handle(request);
      return { correlation, ok: true, output: output ?? null, position };
    } catch (error) {
      const known = asConcordatError(error);
      if (known.code === 'INTERNAL') this.options.onError(known.cause ?? known);
      return { correlation, ok: false, error: toErrorFrame(known) };
    }
  }
}
