import {
  asConcordatError,
  ConcordatError,
  findOperation,
  formatPositions,
  limits,
  type OperationSpec,
  toProblem,
} from '@concordat/contracts';
import { activeTraceId, inSpan, type Logger } from '@concordat/runtime';
import { SpanKind } from '@opentelemetry/api';
import type { WebSocket } from 'ws';
import type { EdgeConnection, EdgeRequest } from '../edge-request';
import type { OperationRouter } from '../operation-router';
import { type CallFrame, readFrame } from './ws-frames';

/** Calls under way on one connection; further ones are refused. */
const callsLimit = 64;
/** Above this nothing is read until the client has read. */
const unreadBytes = limits.jsonBytes;
/** Who answers no ping until the next one is gone. */
const pingMs = 15_000;
/** Who does not close the connection itself has so long to do it. */
const closingMs = 500;

/** Close codes of RFC 6455 §7.4.1. */
const closeCodes = { goingAway: 1001, unsupported: 1003, violation: 1008 } as const;

export interface WsConnectionOptions {
  readonly socket: WebSocket;
  readonly router: OperationRouter;
  readonly connection: EdgeConnection;
  readonly address: string | null;
  readonly traceparent: string | null;
  readonly logger: Logger;
  readonly pingMs?: number;
}

interface Call {
  readonly gone: AbortController;
  grant?: (credits: number) => void;
}

/** One WebSocket: calls of any operation beside each other, each answered under the id that the client gave it. */
export class WsConnection {
  readonly #calls = new Map<string, Call>();
  #isAlive = true;

  constructor(private readonly options: WsConnectionOptions) {
    const { socket, connection } = options;
    const ping = setInterval(() => this.#ping(), options.pingMs ?? pingMs);
    socket.on('message', (data, isBinary) => this.#take(data as Buffer, isBinary));
    socket.on('pong', () => (this.#isAlive = true));
    // What is no WebSocket any more; the library closes it.
    socket.on('error', () => undefined);
    socket.once('close', () => {
      clearInterval(ping);
      for (const { gone } of this.#calls.values()) gone.abort();
      connection.close();
    });
    if (connection.signal.aborted) this.#end(connection.signal.reason);
    else connection.signal.addEventListener('abort', () => this.#end(connection.signal.reason));
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary)
      return this.#close(closeCodes.unsupported, new ConcordatError('JSON_MALFORMED', 'Frames are text.'));
    try {
      const frame = readFrame(data);
      if ('cancel' in frame) this.#calls.get(frame.id)?.gone.abort();
      else if ('credits' in frame) this.#calls.get(frame.id)?.grant?.(frame.credits);
      else this.#begin(frame);
    } catch (error) {
      this.#close(closeCodes.violation, asConcordatError(error));
    }
  }

  #begin(frame: CallFrame): void {
    const { id } = frame;
    if (this.#calls.has(id))
      throw new ConcordatError('INPUT_INVALID', 'The id of a frame is that of a call under way.');
    if (this.#calls.size >= callsLimit)
      return void this.#send({ id, ...refusal(new ConcordatError('OVERLOADED')) }).catch(() => undefined);
    const call: Call = { gone: new AbortController() };
    this.#calls.set(id, call);
    const span = {
      name: `ws ${findOperation(frame.operation)?.name ?? 'unknown'}`,
      kind: SpanKind.SERVER,
      traceparent: this.options.traceparent,
    };
    void inSpan(span, () => this.#serve(frame, call))
      .catch(() => undefined)
      .finally(() => this.#calls.delete(id));
  }

  async #serve(frame: CallFrame, call: Call): Promise<void> {
    const { id } = frame;
    const { signal } = call.gone;
    try {
      const operation = findOperation(frame.operation);
      if (!operation) throw new ConcordatError('ROUTE_UNKNOWN', 'There is no such operation.');
      if (operation.kind === 'stream') await this.#stream(frame, call, operation);
      else {
        const { output, positions } = await this.options.router.route(this.#request(frame, call, operation));
        const position = Object.keys(positions).length === 0 ? {} : { position: formatPositions(positions) };
        this.#calls.delete(id);
        await this.#send({ id, output, ...position });
      }
    } catch (error) {
      this.#calls.delete(id);
      if (signal.aborted) return this.#send({ id, end: true });
      const known = asConcordatError(error);
      if (known.code === 'INTERNAL')
        this.options.logger.error({ error: known.cause ?? known }, 'frame failed');
      await this.#send({ id, ...refusal(known) });
      throw known;
    }
  }

  async #stream(frame: CallFrame, call: Call, operation: OperationSpec): Promise<void> {
    const { items, grant } = await this.options.router.open(this.#request(frame, call, operation));
    call.grant = grant;
    await this.#send({ id: frame.id, open: true });
    // The next one is made when this one has left for the socket.
    for await (const item of items) await this.#send({ id: frame.id, item });
    this.#calls.delete(frame.id);
    await this.#send({ id: frame.id, end: true });
  }

  #request(frame: CallFrame, { gone }: Call, operation: OperationSpec): EdgeRequest {
    const { connection, address } = this.options;
    return {
      ...{ operation, connection, address, input: frame.input, signal: gone.signal },
      ...{ authorization: undefined, idempotencyKey: frame.idempotencyKey },
      ...{ minPosition: frame.minPosition, conversation: frame.correlationId },
    };
  }

  /** Resolves when the bytes have left for the socket, rejects when it has closed. */
  #send(frame: object): Promise<void> {
    const { socket } = this.options;
    return new Promise((resolve, reject) => {
      socket.send(JSON.stringify(frame), (error) => {
        if (socket.isPaused && socket.bufferedAmount <= unreadBytes) socket.resume();
        if (error) reject(error);
        else resolve();
      });
      if (socket.bufferedAmount > unreadBytes) socket.pause();
    });
  }

  #ping(): void {
    const { socket } = this.options;
    if (!this.#isAlive) return socket.terminate();
    this.#isAlive = false;
    socket.ping();
  }

  #end(reason: unknown): void {
    const error = asConcordatError(reason);
    const isStopping = error.code === 'SERVICE_UNAVAILABLE';
    this.#close(isStopping ? closeCodes.goingAway : closeCodes.violation, error);
  }

  #close(code: number, error: ConcordatError): void {
    const { socket } = this.options;
    if (socket.readyState !== socket.OPEN) return;
    void this.#send(refusal(error)).catch(() => undefined);
    socket.close(code, error.code);
    // Nor does the client have to read it.
    const timer = setTimeout(() => socket.terminate(), closingMs);
    socket.once('close', () => clearTimeout(timer));
  }
}

const refusal = (error: ConcordatError): object => ({ problem: toProblem(error, activeTraceId()) });
