import { DirectoryAuthorizer, DirectoryModule } from '@concordat/directory';
import type { OperationHandlers, ServiceBase } from '@concordat/runtime';
import {
  mergeHandlers,
  OPERATION_AUTHORIZER,
  OPERATION_GUARD,
  OPERATION_HANDLERS,
  operationServer,
  RpcClientModule,
  ServiceModule,
  SettingsModule,
} from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { AUDIT_CONFIG, type AuditConfig } from './config';
import { EVENT_HANDLERS, EventModule } from './event/event.module';
import { IngestConsumer } from './ingest/ingest.consumer';
import { IngestModule } from './ingest/ingest.module';
import { minPositionGuard } from './ingest/min-position.guard';
import { Covered } from './log/covered';
import { LOG_HANDLERS, LogModule } from './log/log.module';
import { MESSAGE_HANDLERS, MessageModule } from './message/message.module';
import { StoreModule } from './store/store.module';

/** Where ports meet adapters: what happened, provably. */
@Module({})
export class AppModule {
  static for(base: ServiceBase, config: AuditConfig): DynamicModule {
    const service = 'audit';
    return {
      module: AppModule,
      imports: [
        SettingsModule.for(AUDIT_CONFIG, config),
        ServiceModule.for({ service, base, config }),
        RpcClientModule.for({ service, instance: config.instance }),
        DirectoryModule.for(base, 'loaded'),
        StoreModule.for(base, config),
        IngestModule.for(base),
        LogModule,
        EventModule,
        MessageModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [LOG_HANDLERS, EVENT_HANDLERS, MESSAGE_HANDLERS],
        },
        {
          provide: OPERATION_GUARD,
          useFactory: (ingest: IngestConsumer, covered: Covered) => minPositionGuard(ingest, covered),
          inject: [IngestConsumer, Covered],
        },
        { provide: OPERATION_AUTHORIZER, useExisting: DirectoryAuthorizer },
        operationServer(service, config.instance),
      ],
    };
  }
}
