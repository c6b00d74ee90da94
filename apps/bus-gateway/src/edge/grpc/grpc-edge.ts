import { asConcordatError, formatPositions, limits, type Positions } from '@concordat/contracts';
import { activeTraceparent, inSpan, type Logger } from '@concordat/runtime';
import {
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { HealthImplementation } from 'grpc-health-check';
import { isIPv6 } from 'node:net';
import type { EdgeAnswer, OperationRouter } from '../operation-router';
import { toGrpcError } from './grpc-errors';
import { decode, toInput, toMessage } from './grpc-messages';
import { type GrpcMethod, loadRoot, loadServices } from './grpc-protos';
import { reflectionOf } from './grpc-reflection';

type Fields = Record<string, unknown>;

/** Calls under way on one connection; further ones wait at the caller. */
const callsPerConnection = 500;
/** Who vanishes without closing the connection is noticed after so long. */
const keepAlive = { 'grpc.keepalive_time_ms': 60_000, 'grpc.keepalive_timeout_ms': 20_000 };
/** Calls under way get so long to end when the gateway stops; streams that watch never end by themselves. */
const drainMs = 5_000;

export interface GrpcEdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly router: OperationRouter;
  readonly logger: Logger;
}

/** The gRPC door: every method serves the operation that its option names; reflection and health beside them. */
export class GrpcEdge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #server = new Server({
    'grpc.max_receive_message_length': limits.jsonBytes,
    'grpc.max_concurrent_streams': callsPerConnection,
    ...keepAlive,
  });
  readonly #health = new HealthImplementation();
  /** Names by which health is asked for; the empty one stands for the whole. */
  readonly #names: readonly string[];
  #port = 0;

  constructor(private readonly options: GrpcEdgeOptions) {
    const root = loadRoot();
    const services = loadServices(root);
    for (const { definition, methods } of services) {
      const handlers = methods.map((method) => [method.name, this.#unary(method)] as const);
      this.#server.addService(definition, Object.fromEntries(handlers));
    }
    this.#names = ['', ...services.map(({ name }) => name)];
    this.#setHealth('SERVING');
    this.#health.addToServer(this.#server);
    new ReflectionService(reflectionOf(root)).addToServer(this.#server);
  }

  /** Where it listens; another than asked for when that was 0. */
  get port(): number {
    return this.#port;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { host, port, logger } = this.options;
    const name = isIPv6(host) ? `[${host}]` : host;
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    logger.info({ address: `${name}:${this.#port}` }, 'grpc');
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#setHealth('NOT_SERVING');
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        // Not waited for: a client that reads nothing keeps its socket open even so.
        resolve();
      }, drainMs);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #setHealth(status: 'SERVING' | 'NOT_SERVING'): void {
    for (const name of this.#names) this.#health.setStatus(name, status);
  }

  #unary(method: GrpcMethod): handleUnaryCall<Buffer, Fields> {
    return (call, callback) => {
      const { path, operation, responseType } = method;
      const span = {
        name: path.slice(1),
        kind: SpanKind.SERVER,
        traceparent: textOf(call, 'traceparent') ?? null,
        attributes: { 'rpc.system': 'grpc', 'rpc.method': path, 'concordat.operation': operation.name },
      };
      const serve = async (): Promise<void> => {
        try {
          const { output, positions } = await this.#route(method, call);
          callback(null, toMessage(responseType, output as Fields), trailerOf(positions));
        } catch (error) {
          const known = asConcordatError(error);
          if (known.code === 'INTERNAL')
            this.options.logger.error({ error: known.cause ?? known }, 'call failed');
          callback(toGrpcError(known, trailerOf({})));
          throw known;
        }
      };
      void inSpan(span, serve).catch(() => undefined);
    };
  }

  async #route(
    { operation, requestType }: GrpcMethod,
    call: ServerUnaryCall<Buffer, Fields>,
  ): Promise<EdgeAnswer> {
    const gone = new AbortController();
    call.on('cancelled', () => gone.abort());
    return this.options.router.route({
      operation,
      input: toInput(requestType, decode(requestType, call.request)),
      authorization: textOf(call, 'authorization'),
      idempotencyKey: textOf(call, 'idempotency-key'),
      minPosition: textOf(call, 'concordat-min-position'),
      conversation: textOf(call, 'concordat-correlation-id'),
      signal: gone.signal,
      source: addressOf(call.getPeer()),
    });
  }
}

/** `1.2.3.4:5` or `[::1]:5`, without the port. */
const addressOf = (peer: string): string => peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');

const textOf = ({ metadata }: ServerUnaryCall<Buffer, Fields>, name: string): string | undefined =>
  metadata.get(name)[0]?.toString();

function trailerOf(positions: Positions): Metadata {
  const trailer = new Metadata();
  const traceparent = activeTraceparent();
  if (traceparent !== null) trailer.set('traceparent', traceparent);
  if (Object.keys(positions).length > 0) trailer.set('concordat-position', formatPositions(positions));
  return trailer;
}
