import { Authorizer, Directory, DirectoryModule, Freshness } from '@concordat/directory';
import { type Clock, type Logger, type OperationHandlers, type ServiceBase } from '@concordat/runtime';
import {
  CLOCK,
  LOGGER,
  mergeHandlers,
  OPERATION_HANDLERS,
  RpcClientModule,
  ServiceModule,
  SettingsModule,
} from '@concordat/service';
import { type DynamicModule, Module, type Provider } from '@nestjs/common';
import { bridgeJob, BRIDGE_HANDLERS, BridgeModule } from './bridge/bridge.module';
import { BusModule, INBOX_HANDLERS, MESSAGE_HANDLERS, SUBSCRIBE_HANDLERS } from './bus/bus.module';
import { GATEWAY_CONFIG, type GatewayConfig } from './config';
import { DEAD_LETTER_HANDLERS, DeadLetterModule } from './dead-letter/dead-letter.module';
import { DID_HANDLERS, DidModule } from './did/did.module';
import { Authenticator } from './edge/authenticate';
import { EdgeModule } from './edge/edge.module';
import { GrpcEdge } from './edge/grpc/grpc-edge';
import { HttpEdge } from './edge/http/http-edge';
import { LastSeenJob } from './edge/last-seen.job';
import { OpenStreams } from './edge/open-streams';
import { OperationRouter } from './edge/operation-router';
import { RefusalAudit } from './edge/refusal-audit';
import { ServiceCalls } from './edge/service-calls';
import { WsEdge } from './edge/ws/ws-edge';
import { HANDSHAKE_HANDLERS, HandshakeModule } from './handshake/handshake.module';
import { LIMIT_HANDLERS, LimitModule } from './limits/limit.module';
import { Limits } from './limits/limits';
import { MonitorModule, STREAM_HANDLERS } from './monitor/monitor.module';
import { SCHEDULE_HANDLERS, ScheduleModule } from './schedule/schedule.module';
import { SCHEMA_HANDLERS, SchemaModule } from './schema/schema.module';
import { SESSION_HANDLERS, SessionModule } from './session/session.module';
import { TOPIC_HANDLERS, TopicModule } from './topic/topic.module';

/** The operations that the gateway serves itself, by slice. */
const sliceHandlers = [
  ...[HANDSHAKE_HANDLERS, SESSION_HANDLERS, MESSAGE_HANDLERS, INBOX_HANDLERS, SUBSCRIBE_HANDLERS],
  ...[TOPIC_HANDLERS, DEAD_LETTER_HANDLERS, DID_HANDLERS, LIMIT_HANDLERS, SCHEMA_HANDLERS],
  ...[STREAM_HANDLERS, BRIDGE_HANDLERS, SCHEDULE_HANDLERS],
];

/** HTTP and, on the same port, WebSocket; gRPC on its own. */
function doors({ health }: ServiceBase, config: GatewayConfig): Provider[] {
  const { httpHost, httpPort, grpcHost, grpcPort, didWebDomain, allowedOrigins } = config;
  const proxies = { networks: config.trustedProxies ?? [], header: config.trustedProxyHeader };
  const http = (router: OperationRouter, directory: Directory, logger: Logger, clock: Clock): HttpEdge =>
    new HttpEdge({
      ...{ host: httpHost, port: httpPort, router, proxies, directory, didWebDomain, health, logger },
      now: () => clock.now(),
    });
  const ws = ({ fastify: { server } }: HttpEdge, router: OperationRouter, logger: Logger): WsEdge =>
    new WsEdge({ server, router, proxies, logger, allowedOrigins });
  const grpc = (router: OperationRouter, logger: Logger): GrpcEdge =>
    new GrpcEdge({ host: grpcHost, port: grpcPort, router, proxies, logger });
  return [
    { provide: HttpEdge, useFactory: http, inject: [OperationRouter, Directory, LOGGER, CLOCK] },
    { provide: WsEdge, useFactory: ws, inject: [HttpEdge, OperationRouter, LOGGER] },
    { provide: GrpcEdge, useFactory: grpc, inject: [OperationRouter, LOGGER] },
  ];
}

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
      limits: Limits,
      streams: OpenStreams,
    ): OperationRouter =>
      new OperationRouter({
        ...{ authenticator, freshness, authorizer, services, handlers, refusals, lastSeen, limits, streams },
      });
    return {
      module: AppModule,
      imports: [
        SettingsModule.for(GATEWAY_CONFIG, config),
        ServiceModule.for({ service: 'bus', base, config }),
        RpcClientModule.for({ service: 'bus', instance: config.instance }),
        EdgeModule.for(base),
        DirectoryModule.for(base),
        BusModule,
        BridgeModule,
        TopicModule,
        DeadLetterModule,
        DidModule,
        HandshakeModule,
        LimitModule,
        MonitorModule,
        ScheduleModule,
        SchemaModule,
        SessionModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: sliceHandlers,
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
            Limits,
            OpenStreams,
          ],
        },
        bridgeJob,
        ...doors(base, config),
      ],
    };
  }
}
