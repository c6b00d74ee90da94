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
import { ANOMALY_HANDLERS, AnomalyModule } from './anomaly/anomaly.module';
import { AUDIT_CONFIG, type AuditConfig } from './config';
import { CONVERSATION_HANDLERS, ConversationModule } from './conversation/conversation.module';
import { ERASURE_HANDLERS, ErasureModule } from './erasure/erasure.module';
import { EVENT_HANDLERS, EventModule } from './event/event.module';
import { EXPORT_HANDLERS, ExportModule } from './export/export.module';
import { GOVERNANCE_HANDLERS, GovernanceModule } from './governance/governance.module';
import { IngestConsumer } from './ingest/ingest.consumer';
import { IngestModule } from './ingest/ingest.module';
import { minPositionGuard } from './ingest/min-position.guard';
import { LABEL_HANDLERS, LabelModule } from './label/label.module';
import { Covered } from './log/covered';
import { LOG_HANDLERS, LogModule } from './log/log.module';
import { MESSAGE_HANDLERS, MessageModule } from './message/message.module';
import { OwnEventModule } from './own-event/own-event.module';
import { STATISTICS_HANDLERS, StatisticsModule } from './statistics/statistics.module';
import { RETENTION_HANDLERS, RetentionModule } from './retention/retention.module';
import { StoreModule } from './store/store.module';
import { VERIFICATION_HANDLERS, VerificationModule } from './verification/verification.module';
import { WITNESS_HANDLERS, WitnessModule } from './witness/witness.module';

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
        OwnEventModule.for(base),
        ErasureModule.for(base),
        IngestModule.for(base),
        LogModule,
        LabelModule,
        EventModule,
        ExportModule,
        MessageModule,
        ConversationModule,
        StatisticsModule,
        GovernanceModule,
        RetentionModule,
        AnomalyModule.for(base),
        VerificationModule,
        WitnessModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [
            LOG_HANDLERS,
            EVENT_HANDLERS,
            MESSAGE_HANDLERS,
            CONVERSATION_HANDLERS,
            STATISTICS_HANDLERS,
            LABEL_HANDLERS,
            EXPORT_HANDLERS,
            GOVERNANCE_HANDLERS,
            RETENTION_HANDLERS,
            ANOMALY_HANDLERS,
            ERASURE_HANDLERS,
            VERIFICATION_HANDLERS,
            WITNESS_HANDLERS,
          ],
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
