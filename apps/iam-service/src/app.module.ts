import { join } from 'node:path';
import type { OperationHandlers, ServiceBase } from '@concordat/runtime';
import {
  EventSourcingModule,
  mergeHandlers,
  OPERATION_AUTHORIZER,
  OPERATION_GUARD,
  OPERATION_HANDLERS,
  operationServer,
  RelayJob,
  ServiceModule,
  SettingsModule,
} from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { AGENT_HANDLERS, AgentModule } from './agent/agent.module';
import { AGENT_TYPE_HANDLERS, AgentTypeModule } from './agent-type/agent-type.module';
import { API_KEY_HANDLERS, ApiKeyModule } from './api-key/api-key.module';
import { IAM_CONFIG, type IamConfig } from './config';
import { BackupModule } from './backup/backup.module';
import { CREDENTIAL_HANDLERS, CredentialModule } from './credential/credential.module';
import { DIRECTORY_HANDLERS, DirectoryModule } from './directory/directory.module';
import { DELEGATION_HANDLERS, DelegationModule } from './delegation/delegation.module';
import { HANDSHAKE_HANDLERS, HandshakeModule } from './handshake/handshake.module';
import { StoredAuthorizer } from './policy/authorization';
import { POLICY_HANDLERS, PolicyModule } from './policy/policy.module';
import { SESSION_HANDLERS, SessionModule } from './session/session.module';
import { SIGNING_KEY_HANDLERS, SigningKeyModule } from './signing-key/signing-key.module';
import { TOKEN_HANDLERS, TokenModule } from './token/token.module';
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
        BackupModule,
        AgentModule,
        AgentTypeModule,
        CredentialModule,
        ApiKeyModule,
        HandshakeModule,
        PolicyModule,
        UserModule,
        SessionModule,
        DirectoryModule,
        TokenModule,
        DelegationModule,
        SigningKeyModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [
            ...[AGENT_HANDLERS, AGENT_TYPE_HANDLERS, API_KEY_HANDLERS, CREDENTIAL_HANDLERS],
            ...[HANDSHAKE_HANDLERS, TOKEN_HANDLERS, DELEGATION_HANDLERS, SIGNING_KEY_HANDLERS],
            ...[USER_HANDLERS, SESSION_HANDLERS],
            ...[POLICY_HANDLERS, DIRECTORY_HANDLERS],
          ],
        },
        {
          provide: OPERATION_GUARD,
          useFactory: (relay: RelayJob) => relay.guard.bind(relay),
          inject: [RelayJob],
        },
        { provide: OPERATION_AUTHORIZER, useExisting: StoredAuthorizer },
        operationServer(service, config.instance, {
          vault: ['directory.snapshot'],
          audit: ['directory.snapshot'],
        }),
      ],
    };
  }
}
