import { type Logger, type OperationHandlers, type ServiceBase } from '@concordat/runtime';
import { LOGGER, mergeHandlers, OPERATION_HANDLERS, ServiceModule, SettingsModule } from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { BusModule, INBOX_HANDLERS, MESSAGE_HANDLERS } from './bus/bus.module';
import { GATEWAY_CONFIG, type GatewayConfig } from './config';
import { Directory } from '@concordat/directory';
import { DirectoryModule } from '@concordat/directory';
import { Freshness } from '@concordat/directory';
import { Authenticator } from './edge/authenticate';
import { EdgeModule } from './edge/edge.module';
import { GrpcEdge } from './edge/grpc/grpc-edge';
import { HttpEdge } from './edge/http/http-edge';
import { OperationRouter } from './edge/operation-router';
import { RefusalAudit } from './edge/refusal-audit';
import { ServiceCalls } from './edge/service-calls';
import { HANDSHAKE_HANDLERS, HandshakeModule } from './handshake/handshake.module';
import { SESSION_HANDLERS, SessionModule } from './session/session.module';

/** Where ports meet adapters: the only door. */
@Module({})
export class AppModule {
  static for(base: ServiceBase, config: GatewayConfig): DynamicModule {
    const router = (
      authenticator: Authenticator,
      freshness: Freshness,
      services: ServiceCalls,
      handlers: OperationHandlers,
      refusals: RefusalAudit,
    ): OperationRouter => new OperationRouter({ authenticator, freshness, services, handlers, refusals });
    const http = (operations: OperationRouter, directory: Directory, logger: Logger): HttpEdge =>
      new HttpEdge({
        host: config.httpHost,
        port: config.httpPort,
        router: operations,
        directory,
        health: base.health,
        logger,
      });
    const grpc = (operations: OperationRouter, logger: Logger): GrpcEdge =>
      new GrpcEdge({ host: config.grpcHost, port: config.grpcPort, router: operations, logger });
    return {
      module: AppModule,
      imports: [
        SettingsModule.for(GATEWAY_CONFIG, config),
        ServiceModule.for({ service: 'bus', base, config }),
        EdgeModule.for(base),
        DirectoryModule.for(base),
        BusModule,
        HandshakeModule,
        SessionModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [HANDSHAKE_HANDLERS, SESSION_HANDLERS, MESSAGE_HANDLERS, INBOX_HANDLERS],
        },
        {
          provide: OperationRouter,
          useFactory: router,
          inject: [Authenticator, Freshness, ServiceCalls, OPERATION_HANDLERS, RefusalAudit],
        },
        { provide: HttpEdge, useFactory: http, inject: [OperationRouter, Directory, LOGGER] },
        { provide: GrpcEdge, useFactory: grpc, inject: [OperationRouter, LOGGER] },
      ],
    };
  }
}
