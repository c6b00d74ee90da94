import {
  type AlgorithmValue,
  ConcordatError,
  fromErrorFrame,
  limits,
  type Position,
  type Positions,
  type Principal,
  type Service,
} from '@concordat/contracts';
import { AeadError, type Signer } from '@concordat/crypto';
import { streamKeys } from '../keys';
import type { RedisConnection } from '../redis-connection';
import { type ClientSession, makeClientSession } from './client-session';
import { FrameReader, sendFrame } from './frame-stream';
import { replyFrame, type RequestFrame, type StreamFrame, type UnknownSession } from './frames';

export interface RpcCall {
  readonly service: Service;
  readonly operation: string;
  readonly commandId: string | null;
  readonly principal: Principal;
  readonly minPosition: Positions;
  readonly judgedAt: Position;
  readonly address: string | null;
  readonly conversation: string | null;
  readonly traceparent: string | null;
  readonly tracestate?: string | undefined;
  readonly input: unknown;
}

export interface RpcAnswer {
  readonly output: unknown;
  readonly position: Position | null;
}

export interface RpcClientOptions {
  readonly commands: RedisConnection;
  readonly blocking: RedisConnection;
  readonly caller: Service;
  readonly instance: string;
  /** Start of this process, milliseconds since 1970. */
  readonly startedAtMs: number;
  readonly signer: Signer;
  readonly peers: Readonly<Record<Service, readonly AlgorithmValue[]>>;
  readonly nowMs: () => number;
  readonly onError: (error: unknown) => void;
}

interface Pending {
  readonly request: RequestFrame;
  readonly service: Service;
  session: ClientSession | undefined;
  resolve(answer: RpcAnswer): void;
  reject(error: Error): void;
  timer: NodeJS.Timeout | undefined;
}

const pendingLimit = 10_000;
/** Sent again after so long without an answer; the id of the command keeps a second effect away. */
const resendMs = 400;
/** A new session, with new keys, after so long. */
const sessionMs = 240_000;

/**
 * Sealed request/reply over streams. A request is sent again until it is answered or its deadline has passed: a service
 * that was killed answers after its restart, and a Redis that came back empty gets everything that was under way.
 */
export class RpcClient {
  readonly #pending = new Map<string, Pending>();
  readonly #sessions = new Map<Service, Promise<ClientSession>>();
  /** Sessions by id, for opening answers; the one before the current still gets late answers. */
  readonly #known = new Map<string, ClientSession>();
  readonly #replyTo: string;
  readonly #reader: FrameReader;
  #counter = 0;

  constructor(private readonly options: RpcClientOptions) {
    const { instance, startedAtMs, blocking, commands, onError } = options;
    this.#replyTo = streamKeys.replies(instance, String(startedAtMs));
    const onFrame = (frame: StreamFrame | UnknownSession): void => this.#onFrame(frame);
    this.#reader = new FrameReader({ blocking, commands, key: this.#replyTo, onError, onFrame });
  }

  start(): void {
    this.#reader.start();
  }

  async stop(): Promise<void> {
    for (const [correlation, { reject }] of this.#pending) {
      this.#settle(correlation);
      reject(new ConcordatError('SERVICE_UNAVAILABLE', 'The gateway is stopping.'));
    }
    await this.#reader.stop();
  }

  /** @throws ConcordatError: what the service answered; SERVICE_UNAVAILABLE after `replyMs`; OVERLOADED */
  call(call: RpcCall, replyMs: number = limits.replyMs): Promise<RpcAnswer> {
    if (this.#pending.size >= pendingLimit) return Promise.reject(new ConcordatError('OVERLOADED'));
    const { service, ...rest } = call;
    const correlation = `${this.options.instance}:${this.options.startedAtMs}:${++this.#counter}`;
    const deadlineMs = this.options.nowMs() + replyMs;
    return new Promise((resolve, reject) => {
      const request = { ...rest, correlation, deadlineMs };
      const pending: Pending = { request, service, session: undefined, resolve, reject, timer: undefined };
      this.#pending.set(correlation, pending);
      void this.#send(pending);
    });
  }

  async #send(pending: Pending): Promise<void> {
    const { request, service } = pending;
    const left = request.deadlineMs - this.options.nowMs();
    if (left <= 0) {
      this.#fail(pending, new ConcordatError('SERVICE_UNAVAILABLE', `${service} did not answer in time.`));
      return;
    }
    clearTimeout(pending.timer);
    pending.timer = setTimeout(() => void this.#send(pending), Math.min(resendMs, left));
    try {
      const session = await this.#session(service, pending.session);
      if (!this.#pending.has(request.correlation)) return;
      pending.session = session;
      const sealed = session.session.seal(Buffer.from(JSON.stringify(request)));
      await sendFrame(this.options.commands, session.commandsKey, {
        session: session.session.id,
        sequence: sealed.sequence,
        box: Buffer.from(sealed.box),
        hello: session.hello,
        replyTo: this.#replyTo,
      });
    } catch (error) {
      // Tried again by the timer until the deadline, except when the service is there but drowning.
      if (error instanceof ConcordatError && error.code === 'OVERLOADED') this.#fail(pending, error);
      else this.options.onError(error);
    }
  }

  /** The current session with a service. @param failed a session that brought no answer: its offer may be outdated */
  async #session(service: Service, failed: ClientSession | undefined): Promise<ClientSession> {
    const current = this.#sessions.get(service);
    if (current) {
      const session = await current;
      const isOld = this.options.nowMs() - session.createdAtMs > sessionMs;
      if (!isOld && session !== failed) return session;
      // Somebody else may have replaced it in the meantime.
      if (this.#sessions.get(service) !== current) return this.#session(service, undefined);
    }
    return this.#replaceSession(service);
  }

  #replaceSession(service: Service): Promise<ClientSession> {
    const { commands, peers, ...rest } = this.options;
    const made = makeClientSession({ ...rest, redis: commands, service, trusted: peers[service] });
    this.#sessions.set(service, made);
    made.then(
      (session) => this.#remember(session),
      () => this.#sessions.get(service) === made && this.#sessions.delete(service),
    );
    return made;
  }

  #remember(session: ClientSession): void {
    this.#known.set(session.session.id, session);
    if (this.#known.size > 32) this.#known.delete(this.#known.keys().next().value!);
  }

  #onFrame(frame: StreamFrame | UnknownSession): void {
    if ('unknownSession' in frame) {
      this.#forgetSession(frame.unknownSession);
      return;
    }
    const known = this.#known.get(frame.session);
    if (!known) return;
    try {
      const reply = replyFrame.parse(JSON.parse(Buffer.from(known.session.open(frame)).toString()));
      known.hello = undefined;
      const pending = this.#settle(reply.correlation);
      if (!pending) return;
      if (reply.ok) pending.resolve({ output: reply.output, position: reply.position });
      else pending.reject(fromErrorFrame(reply.error));
    } catch (error) {
      if (!(error instanceof AeadError)) this.options.onError(error);
    }
  }

  /** The service was restarted: what waits for it is sent again in a new session, now. */
  #forgetSession(id: string): void {
    const known = this.#known.get(id);
    if (!known) return;
    this.#known.delete(id);
    const waiting = [...this.#pending.values()].filter(({ session }) => session === known);
    for (const service of new Set(waiting.map((pending) => pending.service))) this.#sessions.delete(service);
    for (const pending of waiting) void this.#send(pending);
  }

  #settle(correlation: string): Pending | undefined {
    const pending = this.#pending.get(correlation);
    clearTimeout(pending?.timer);
    this.#pending.delete(correlation);
    return pending;
  }

  #fail(pending: Pending, error: Error): void {
    this.#settle(pending.request.correlation)?.reject(error);
  }
}
