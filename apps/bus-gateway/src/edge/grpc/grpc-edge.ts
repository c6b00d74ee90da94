import { asConcordatError, isForStrangers, limits } from '@concordat/contracts';
import { inSpan, type Logger } from '@concordat/runtime';
import {
  type handleBidiStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Server,
  ServerCredentials,
} from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { HealthImplementation } from 'grpc-health-check';
import { isIPv6 } from 'node:net';
import { CallerAddresses, type ProxySettings } from '../caller-address';
import type { OperationRouter } from '../operation-router';
import { serveCalls } from './grpc-call-stream';
import {
  credentialsOf,
  type Fields,
  headersOf,
  type ItemCall,
  type StreamCall,
  textOf,
  trailerOf,
  type UnaryCall,
} from './grpc-calls';
import { fromStranger, handOverPacked, unpacked } from './grpc-compression';
import { toGrpcError } from './grpc-errors';
import { serveItems } from './grpc-item-stream';
import { decode, toInput, toMessage } from './grpc-messages';
import { type GrpcMethod, loadRoot, loadServices } from './grpc-protos';
import { reflectionOf } from './grpc-reflection';
import { resetUnlessEnded } from './grpc-stream';

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
  readonly proxies?: ProxySettings | undefined;
  readonly logger: Logger;
}

/** The gRPC door: every method serves the operation that its option names; reflection and health beside them. */
export class GrpcEdge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #server: Server;
  readonly #health = new HealthImplementation();
  /** Names by which health is asked for; the empty one stands for the whole. */
  readonly #names: readonly string[];
  readonly #addresses: CallerAddresses;
  #port = 0;

  constructor(private readonly options: GrpcEdgeOptions) {
    this.#addresses = new CallerAddresses(options.proxies);
    const root = loadRoot();
    const services = loadServices(root);
    const paths = new Set(services.flatMap(({ methods }) => methods.map(({ path }) => path)));
    this.#server = new Server({
      'grpc.max_receive_message_length': limits.jsonBytes,
      'grpc.max_concurrent_streams': callsPerConnection,
      ...keepAlive,
      interceptors: [handOverPacked(paths)],
    });
    for (const { definition, methods } of services) {
      const handlers = methods.map(
        (method) => [method.name, method.isStream ? this.#stream(method) : this.#unary(method)] as const,
      );
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
      void this.#inSpan(method, call, async () => {
        const { operation, requestType, responseType } = method;
        const read = isForStrangers(operation) ? fromStranger : unpacked;
        const gone = new AbortController();
        call.on('cancelled', () => gone.abort());
        const { output, positions } = await this.options.router.route({
          ...{ ...credentialsOf(call, this.#addresses), ...headersOf(call), operation, signal: gone.signal },
          input: async () => toInput(requestType, decode(requestType, await read(call.request))),
        });
        callback(null, toMessage(responseType, output as Fields), trailerOf(positions));
      }).catch(callback);
    };
  }

  #stream(
    method: GrpcMethod,
  ): handleBidiStreamingCall<Buffer, Fields> & handleServerStreamingCall<Buffer, Fields> {
    const serve = method.operation.kind === 'stream' ? serveItems : serveCalls;
    return (call: StreamCall | ItemCall) => {
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort());
      void this.#inSpan(method, call, async () => {
        await serve(
          method,
          call as StreamCall,
          { router: this.options.router, addresses: this.#addresses },
          gone,
        );
        call.end(trailerOf({}));
      }).catch((error: unknown) => {
        gone.abort();
        call.emit('error', error);
        resetUnlessEnded(call);
      });
    };
  }

  /** @throws the error as gRPC knows it */
  async #inSpan(
    { path, operation }: GrpcMethod,
    call: UnaryCall | StreamCall | ItemCall,
    serve: () => Promise<void>,
  ): Promise<void> {
    const span = {
      name: path.slice(1),
      kind: SpanKind.SERVER,
      traceparent: textOf(call, 'traceparent') ?? null,
      tracestate: textOf(call, 'tracestate'),
      attributes: { 'rpc.system': 'grpc', 'rpc.method': path, 'concordat.operation': operation.name },
    };
    let answer: unknown;
    await inSpan(span, async () => {
      try {
        await serve();
      } catch (error) {
        const known = asConcordatError(error);
        if (known.code === 'INTERNAL')
          this.options.logger.error({ error: known.cause ?? known }, 'call failed');
        answer = toGrpcError(known, trailerOf({}));
        throw known;
      }
    }).catch(() => Promise.reject(answer as Error));
  }
}
