import { Authorizer, Directory, DirectoryModule, Freshness } from '@concordat/directory';
import { type Logger, type OperationHandlers, type ServiceBase } from '@concordat/runtime';
import {
  LOGGER,
  mergeHandlers,
  OPERATION_HANDLERS,
  RpcClientModule,
  ServiceModule,
  SettingsModule,
} from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { BusModule, INBOX_HANDLERS, MESSAGE_HANDLERS } from './bus/bus.module';
import { GATEWAY_CONFIG, type GatewayConfig } from './config';
import { DID_HANDLERS, DidModule } from './did/did.module';
import { Authenticator } from './edge/authenticate';
import { EdgeModule } from './edge/edge.module';
import { GrpcEdge } from './edge/grpc/grpc-edge';
import { HttpEdge } from './edge/http/http-edge';
import { LastSeenJob } from './edge/last-seen.job';
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
      authorizer: Authorizer,
      services: ServiceCalls,
      handlers: OperationHandlers,
      refusals: RefusalAudit,
      lastSeen: LastSeenJob,
    ): OperationRouter =>
      new OperationRouter({ authenticator, freshness, authorizer, services, handlers, refusals, lastSeen });
    const http = (operations: OperationRouter, directory: Directory, logger: Logger): HttpEdge =>
      new HttpEdge({
        host: config.httpHost,
        port: config.httpPort,
        router: operations,
        directory,
        didWebDomain: config.didWebDomain,
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
        RpcClientModule.for({ service: 'bus', instance: config.instance }),
        EdgeModule.for(base),
        DirectoryModule.for(base),
        BusModule,
        DidModule,
        HandshakeModule,
        SessionModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [...[HANDSHAKE_HANDLERS, SESSION_HANDLERS, MESSAGE_HANDLERS, INBOX_HANDLERS, DID_HANDLERS]],
        },
        {
          provide: OperationRouter,
          useFactory: router,
          inject: [
            Authenticator,
            Freshness,
            Authorizer,
            ServiceCalls,
            OPERATION_HANDLERS,
            RefusalAudit,
            LastSeenJob,
          ],
        },
        { provide: HttpEdge, useFactory: http, inject: [OperationRouter, Directory, LOGGER] },
        { provide: GrpcEdge, useFactory: grpc, inject: [OperationRouter, LOGGER] },
      ],
    };
  }
}
