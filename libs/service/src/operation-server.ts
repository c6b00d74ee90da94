import { asConcordatError, type Position, type Service } from '@concordat/contracts';
import type { Signer } from '@concordat/crypto';
import {
  type Authorize,
  type Clock,
  inSpan,
  type Logger,
  observeOperation,
  type OperationContext,
  OperationDispatcher,
  type OperationHandlers,
  type Peers,
  problemListener,
  sleep,
} from '@concordat/runtime';
import { type Callers, type RequestFrame, type RpcResult, RpcServer, streamKeys } from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import { SpanKind } from '@opentelemetry/api';
import type { RedisLinks } from './redis-links';

/** Decides whether the service can keep its promises for this request. @throws ConcordatError when not */
export type OperationGuard = (context: Pick<OperationContext, 'minPosition'>) => Promise<void>;

/** Judges again, in the service, what the gateway has let in: whoever reaches this process has to pass here too. */
export interface OperationAuthorizer {
  /** Waits until it knows what the gateway knew. @throws ConcordatError SERVICE_UNAVAILABLE, POSITION_NOT_REACHED */
  reached(judgedAt: Position): Promise<void>;
  readonly authorize: Authorize;
}

export interface OperationServerOptions {
  readonly service: Service;
  readonly instance: string;
  readonly handlers: OperationHandlers;
  readonly guard: OperationGuard;
  readonly authorizer: OperationAuthorizer;
  /** Services besides the gateway, and the operations that each may call. */
  readonly callers?: Callers;
  readonly redis: RedisLinks;
  readonly signer: Signer;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Serves the operations of a service to the gateway: span, metrics, guard, policy, handler. */
export class OperationServer implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #dispatcher: OperationDispatcher;
  readonly #server: RpcServer;

  constructor(private readonly options: OperationServerOptions) {
    const { service, instance, redis, signer, peers, clock, logger } = options;
    this.#dispatcher = new OperationDispatcher(options.handlers, options.authorizer.authorize);
    this.#server = new RpcServer({
      commands: redis.rpc,
      blocking: redis.blocking('rpc', 'commands-reader'),
      handle: (request) => this.#handle(request),
      nowMs: clock.nowMs,
      sleep,
      onError: problemListener(logger, 'request/reply'),
      callers: options.callers ?? {},
      ...{ service, instance, signer, peers },
    });
  }

  onApplicationBootstrap(): void {
    this.#server.start();
    this.options.logger.info({ operations: this.#dispatcher.operations }, 'serving');
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.#server.stop();
  }

  #handle(request: RequestFrame): Promise<RpcResult> {
    const { operation, traceparent, tracestate } = request;
    const attributes = {
      'messaging.system': 'redis',
      'messaging.operation.type': 'process',
      'messaging.operation.name': 'process',
      'messaging.destination.name': streamKeys.commands(this.options.service, this.options.instance),
      'concordat.operation': operation,
    };
    const span = {
      name: `process ${operation}`,
      kind: SpanKind.CONSUMER,
      traceparent,
      tracestate,
      attributes,
    };
    return inSpan(span, () => this.#measured(request));
  }

  async #measured(request: RequestFrame): Promise<RpcResult> {
    const begun = performance.now();
    let outcome = 'ok';
    try {
      await this.options.authorizer.reached(request.judgedAt);
      await this.options.guard(request);
      return await this.#dispatcher.dispatch(request.operation, request.input, request);
    } catch (error) {
      outcome = asConcordatError(error).code;
      throw error;
    } finally {
      observeOperation(request.operation, outcome, performance.now() - begun);
    }
  }
}
