import {
  asConcordatError,
  findOperation,
  formatPositions,
  limits,
  type OperationSpec,
  protoDir,
  protoFiles,
} from '@concordat/contracts';
import { inSpan, type Logger } from '@concordat/runtime';
import {
  loadPackageDefinition,
  Metadata,
  Server,
  ServerCredentials,
  type handleUnaryCall,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { loadSync, type PackageDefinition } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import { HealthImplementation } from 'grpc-health-check';
import { join } from 'node:path';
import { type Method, Root, type Type } from 'protobufjs';
import type { OperationRouter } from '../operation-router';
import { toGrpcError } from './grpc-errors';
import { toInput, toMessage } from './grpc-messages';

type Fields = Record<string, unknown>;

const operationOption = '(concordat.v1.operation)';

export interface GrpcEdgeOptions {
  readonly host: string;
  readonly port: number;
  readonly router: OperationRouter;
  readonly logger: Logger;
}

/** The services declared in the `.proto` files, by full name. */
export function loadProtos(): {
  definition: PackageDefinition;
  services: Map<string, ServiceDefinition>;
  root: Root;
} {
  const definition = loadSync(protoFiles, { includeDirs: [protoDir], longs: Number });
  const entries = Object.entries(definition).filter(([, value]) => !('format' in value));
  const root = new Root();
  root.resolvePath = (_origin, target) => (target.startsWith('concordat/') ? join(protoDir, target) : target);
  root.loadSync([...protoFiles]).resolveAll();
  return { definition, services: new Map(entries as unknown as [string, ServiceDefinition][]), root };
}

/** The gRPC door: every method serves the operation that its option names; reflection and health beside them. */
export class GrpcEdge implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #server = new Server({ 'grpc.max_receive_message_length': limits.jsonBytes });
  readonly #health = new HealthImplementation({ '': 'SERVING' });
  #port = 0;

  constructor(private readonly options: GrpcEdgeOptions) {
    const { definition, services, root } = loadProtos();
    loadPackageDefinition(definition);
    for (const [name, service] of services)
      this.#server.addService(service, this.#implement(service, root.lookupService(name)));
    new ReflectionService(definition).addToServer(this.#server);
    this.#health.addToServer(this.#server);
  }

  /** Where it listens; another than asked for when that was 0. */
  get port(): number {
    return this.#port;
  }

  async onApplicationBootstrap(): Promise<void> {
    const { host, port, logger } = this.options;
    this.#port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(`${host}:${port}`, ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      );
    });
    logger.info({ address: `${host}:${this.#port}` }, 'grpc');
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#health.setStatus('', 'NOT_SERVING');
    await new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
  }

  #implement(
    service: ServiceDefinition,
    types: ReturnType<Root['lookupService']>,
  ): UntypedServiceImplementation {
    const methods = Object.entries(service).map(([name, method]) => {
      const options = 'options' in method ? (method.options as Fields) : {};
      const operation = findOperation(String(options[operationOption]));
      if (!operation) throw new Error(`the gRPC method ${method.path} names no operation of the catalogue`);
      const { resolvedRequestType, resolvedResponseType } = types.methods[name]!.resolve() as Method;
      return [name, this.#unary(operation, resolvedRequestType!, resolvedResponseType!)];
    });
    return Object.fromEntries(methods) as UntypedServiceImplementation;
  }

  #unary(operation: OperationSpec, requestType: Type, responseType: Type): handleUnaryCall<Fields, Fields> {
    return (call, callback) => {
      const gone = new AbortController();
      call.on('cancelled', () => gone.abort());
      const text = (name: string): string | undefined => call.metadata.get(name)[0]?.toString();
      const span = {
        name: call.getPath().slice(1),
        kind: SpanKind.SERVER,
        traceparent: text('traceparent') ?? null,
        attributes: {
          'rpc.system': 'grpc',
          'rpc.method': call.getPath(),
          'concordat.operation': operation.name,
        },
      };
      const serve = async (): Promise<void> => {
        try {
          const { output, positions } = await this.options.router.route({
            operation,
            input: toInput(requestType, call.request),
            authorization: text('authorization'),
            idempotencyKey: text('idempotency-key'),
            minPosition: text('concordat-min-position'),
            conversation: text('concordat-correlation-id'),
            signal: gone.signal,
          });
          const trailer = new Metadata();
          if (Object.keys(positions).length > 0)
            trailer.set('concordat-position', formatPositions(positions));
          callback(null, toMessage(responseType, output as Fields), trailer);
        } catch (error) {
          const known = asConcordatError(error);
          if (known.code === 'INTERNAL')
            this.options.logger.error({ error: known.cause ?? known }, 'call failed');
          callback(toGrpcError(known));
          throw known;
        }
      };
      void inSpan(span, serve).catch(() => undefined);
    };
  }
}
