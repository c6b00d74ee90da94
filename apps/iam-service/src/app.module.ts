import { join } from 'node:path';
import type { OperationHandlers, ServiceBase } from '@concordat/runtime';
import {
  EventSourcingModule,
  mergeHandlers,
  OPERATION_GUARD,
  OPERATION_HANDLERS,
  operationServer,
  RelayJob,
  ServiceModule,
  SettingsModule,
} from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { AGENT_HANDLERS, AgentModule } from './agent/agent.module';
import { API_KEY_HANDLERS, ApiKeyModule } from './api-key/api-key.module';
import { IAM_CONFIG, type IamConfig } from './config';
import { DIRECTORY_HANDLERS, DirectoryModule } from './directory/directory.module';
import { HANDSHAKE_HANDLERS, HandshakeModule } from './handshake/handshake.module';
import { SESSION_HANDLERS, SessionModule } from './session/session.module';
import { USER_HANDLERS, UserModule } from './user/user.module';

/** Where ports meet adapters: who is it, and may it. */
@Module({})
export class AppModule {
  static for(base: ServiceBase, config: IamConfig): DynamicModule {
    const service = 'iam';
    return {
      module: AppModule,
      imports: [
        SettingsModule.for(IAM_CONFIG, config),
        ServiceModule.for({ service, base, config }),
        EventSourcingModule.for({
          service,
          base,
          dataDir: config.dataDir,
          migrationsDir: join(__dirname, 'migrations'),
        }),
        AgentModule,
        ApiKeyModule,
        HandshakeModule,
        UserModule,
        SessionModule,
        DirectoryModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [
            ...[AGENT_HANDLERS, API_KEY_HANDLERS, HANDSHAKE_HANDLERS, DIRECTORY_HANDLERS],
            ...[USER_HANDLERS, SESSION_HANDLERS],
          ],
        },
        {
          provide: OPERATION_GUARD,
          useFactory: (relay: RelayJob) => relay.guard.bind(relay),
          inject: [RelayJob],
        },
        operationServer(service, config.instance),
      ],
    };
  }
}
