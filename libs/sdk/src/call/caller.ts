import { randomUUID } from 'node:crypto';
import {
  findOperation,
  type HttpBinding,
  type OperationOutput,
  type OperationRequest,
  type Operations,
  type Positions,
  type StreamName,
  type UnaryName,
} from '@concordat/contracts';
import type { Clock } from '../clock';
import type { KeyProver } from '../credential/key-proof';
import { ConcordatProblem, isConcordatProblem } from '../problem';
import { backoffMs, type Random } from './backoff';
import { compressed } from './compression';
import { highestOf, minPositionHeader, type PositionMemory } from './position-memory';
import { TimeFrame } from './time-frame';
import { traceHeaders } from './trace';
import type { AttemptLimits, Transport } from './transport';
import { type Answer, readAnswer } from './wire-answer';
import { optionHeader, type PublicOperation, toWireRequest, type WireRequest } from './wire-request';

/** The operations that have a route and answer once. */
export type PublicOperationName = {
  [N in UnaryName]: Operations[N] extends { readonly http: HttpBinding } ? N : never;
}[UnaryName];

export interface CallOptions {
  /** Gives up: the call rejects with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Names the effect of a command: the same key is the same effect, however often it is sent. Default: a new UUID. */
  readonly idempotencyKey?: string | undefined;
  /** All attempts together may take this long; default `timeouts.totalMs`. */
  readonly totalMs?: number | undefined;
  /** W3C traceparent to go on with; default: that of the active OpenTelemetry span. */
  readonly traceparent?: string | undefined;
  /** Answer with at least this state, besides what this client has seen itself. */
  readonly minPosition?: Positions | undefined;
  /** The conversation that the call belongs to; its events in the audit trail carry it. */
  readonly correlationId?: string | undefined;
  /** Sign what is sent with the key of the agent: `message.send`, and every message of `message.sendBatch`. */
  readonly sign?: boolean | undefined;
}

/** Where the credential comes from. */
export interface Authorizer {
  /** @returns value of the `Authorization` header @throws ConcordatProblem */
  authorization(frame: TimeFrame): Promise<string>;
  /** The server refused it. @returns whether another one can be had */
  refused(authorization: string): boolean;
}

export interface CallerOptions {
  readonly transport: Transport;
  /** undefined: only what anybody may call */
  readonly authorizer: Authorizer | undefined;
  /** Proves the key of the agent, where the token or the one who asks for it wants it. */
  readonly prover?: KeyProver | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** undefined: positions are neither remembered nor sent */
  readonly positions: PositionMemory | undefined;
  readonly onRetry: (problem: ConcordatProblem, operation: string) => void;
  readonly attemptMs: number;
  readonly totalMs: number;
}

/** How often a credential is renewed because the server refused it, in one call. */
const renewals = 1;

/** Calls operations of the catalogue: until there is an answer, or no sense in trying again, or no time left. */
export class Caller {
  constructor(private readonly options: CallerOptions) {}

  /** @throws ConcordatProblem; the reason of the signal when that fires */
  async call<N extends PublicOperationName>(
    name: N,
    input: OperationRequest<N>,
    options: CallOptions = {},
  ): Promise<Answer<OperationOutput<N>>> {
    const spec = publicOperation(name);
    const call = new Call(spec, input as Readonly<Record<string, unknown>>, options, this.options);
    return (await call.run()) as Answer<OperationOutput<N>>;
  }

  /**
   * Opens a stream; it is not opened again when it breaks.
   * @returns the bytes of its answer as they come; the signal ends them @throws ConcordatProblem
   */
  open<N extends StreamName>(
    name: N,
    input: OperationRequest<N>,
    options: CallOptions = {},
  ): Promise<AsyncIterable<Uint8Array>> {
    const spec = publicOperation(name, 'stream');
    return new Call(spec, input as Readonly<Record<string, unknown>>, options, this.options).open();
  }
}

/** Sends the request once. */
type Exchange<T> = (headers: Readonly<Record<string, string>>, limits: AttemptLimits) => Promise<T>;

/** One call, with all its attempts. */
class Call {
  #request: WireRequest;
  readonly #headers: Readonly<Record<string, string>>;
  /** A question that waits for something is answered that much later. */
  readonly #waitMs: number;
  #renewals = 0;

  constructor(
    private readonly spec: PublicOperation,
    input: Readonly<Record<string, unknown>>,
    private readonly call: CallOptions,
    private readonly options: CallerOptions,
  ) {
    this.#request = toWireRequest(spec, input);
    this.#waitMs = 1_000 * (Number(input['waitSeconds']) || 0);
    this.#headers = { ...optionHeaders(spec, call), ...traceHeaders(call.traceparent) };
  }

  run(): Promise<Answer<unknown>> {
    const { transport, positions } = this.options;
    return this.#untilAnswered(async (headers, limits) => {
      const answer = readAnswer(this.spec, await transport.attempt(this.#request, headers, limits));
      positions?.see(answer.positions);
      return answer;
    });
  }

  open(): Promise<AsyncIterable<Uint8Array>> {
    const { transport } = this.options;
    return this.#untilAnswered(async (headers, limits) => {
      const opened = await transport.open(this.#request, headers, limits, this.call.signal);
      if (!('status' in opened)) return opened;
      readAnswer(this.spec, opened);
      throw new ConcordatProblem('ANSWER_INVALID', { status: opened.status });
    });
  }

  async #untilAnswered<T>(exchange: Exchange<T>): Promise<T> {
    const { clock, random } = this.options;
    const ms = (this.call.totalMs ?? this.options.totalMs) + this.#waitMs;
    let last: unknown;
    const late = (): Error => deadlineExceeded(this.spec.name, ms, last);
    const frame = new TimeFrame({ clock, ms, signal: this.call.signal, late });
    try {
      this.#request = await compressed(this.spec, this.#request);
      for (let failures = 1; ; failures++) {
        try {
          frame.signal.throwIfAborted();
          return await this.#attempt(frame, exchange);
        } catch (error) {
          if (frame.signal.aborted) throw frame.signal.reason;
          if (!isTransient(error)) throw error;
          last = error;
          const waitMs = backoffMs(failures, random, error.retryAfterSeconds);
          // The reason says more than that there is no time left.
          if (waitMs >= frame.leftMs) throw error;
          this.options.onRetry(error, this.spec.name);
          await clock.sleep(waitMs, frame.signal).catch(() => undefined);
        }
      }
    } finally {
      frame.close();
    }
  }

  async #attempt<T>(frame: TimeFrame, exchange: Exchange<T>): Promise<T> {
    const { authorizer, attemptMs, positions } = this.options;
    const authorization = this.spec.caller === 'none' ? undefined : await this.#authorization(frame);
    const minPosition = minPositionHeader(highestOf(positions?.positions ?? {}, this.call.minPosition ?? {}));
    const headers = {
      ...this.#headers,
      ...(authorization === undefined ? {} : { authorization }),
      ...(minPosition === undefined ? {} : { 'concordat-min-position': minPosition }),
    };
    try {
      const prove = this.#prove(authorization);
      return await exchange(headers, { ms: attemptMs + this.#waitMs, signal: frame.signal, prove });
    } catch (error) {
      const isRefused = isConcordatProblem(error, 'TOKEN_EXPIRED', 'CREDENTIAL_INVALID');
      if (!isRefused || authorization === undefined || this.#renewals >= renewals) throw error;
      if (!authorizer?.refused(authorization)) throw error;
      this.#renewals++;
      return this.#attempt(frame, exchange);
    }
  }

  /** A new proof for every attempt: none is taken twice. */
  #prove(authorization: string | undefined): ((method: string, url: string) => string) | undefined {
    const { prover } = this.options;
    const token = authorization?.startsWith('DPoP ') ? authorization.slice('DPoP '.length) : undefined;
    if (!prover || (token === undefined && this.spec.name !== 'auth.token')) return undefined;
    return (method, url) => prover({ method, url, token });
  }

  async #authorization(frame: TimeFrame): Promise<string> {
    const { authorizer } = this.options;
    if (!authorizer)
      throw new ConcordatProblem('CREDENTIAL_MISSING', { detail: 'This client has no credential.' });
    return authorizer.authorization(frame);
  }
}

/** What the caller says in headers. @throws ConcordatProblem INPUT_INVALID */
function optionHeaders({ name, kind }: PublicOperation, call: CallOptions): Record<string, string> {
  const { idempotencyKey = randomUUID(), correlationId, traceparent, minPosition = {} } = call;
  const header = (option: string, value: unknown): string => optionHeader(name, option, value);
  // Of these the headers are made elsewhere.
  if (traceparent !== undefined) header('traceparent', traceparent);
  const minimum = minPositionHeader(minPosition);
  if (minimum !== undefined) header('minPosition', minimum);
  return {
    ...(kind === 'command' ? { 'idempotency-key': header('idempotencyKey', idempotencyKey) } : {}),
    ...(correlationId === undefined
      ? {}
      : { 'concordat-correlation-id': header('correlationId', correlationId) }),
  };
}

/** @throws ConcordatProblem ROUTE_UNKNOWN */
function publicOperation(name: string, kind: 'stream' | 'answer' = 'answer'): PublicOperation {
  const spec = findOperation(name);
  if (spec?.http && (spec.kind === 'stream') === (kind === 'stream')) return spec as PublicOperation;
  throw new ConcordatProblem('ROUTE_UNKNOWN', {
    detail: `There is no operation ${JSON.stringify(name)} to call.`,
  });
}

/** Worth another try: nothing was answered, or the server says that it will be different in a moment. */
const isTransient = (error: unknown): error is ConcordatProblem =>
  isConcordatProblem(error) &&
  (error.code === 'CONNECTION_FAILED' || [429, 502, 503, 504].includes(error.status));

function deadlineExceeded(name: string, ms: number, cause: unknown): ConcordatProblem {
  const last = isConcordatProblem(cause) ? ` Last: ${cause.detail}` : '';
  const detail = `${name} was not answered within ${ms} ms.${last}`;
  return new ConcordatProblem('DEADLINE_EXCEEDED', { detail, cause });
}
