import { join } from 'node:path';
import { DirectoryAuthorizer, DirectoryModule } from '@concordat/directory';
import type { OperationHandlers, ServiceBase } from '@concordat/runtime';
import {
  EventSourcingModule,
  mergeHandlers,
  OPERATION_AUTHORIZER,
  OPERATION_GUARD,
  OPERATION_HANDLERS,
  operationServer,
  RelayJob,
  RpcClientModule,
  ServiceModule,
} from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import type { VaultConfig } from './config';
import { CONSENT_HANDLERS, ConsentModule } from './consent/consent.module';
import { MEMORY_HANDLERS, MemoryModule } from './memory/memory.module';

/** Where ports meet adapters: what an agent remembers, encrypted, by consent. */
@Module({})
export class AppModule {
  static for(base: ServiceBase, config: VaultConfig): DynamicModule {
    const service = 'vault';
    return {
      module: AppModule,
      imports: [
        ServiceModule.for({ service, base, config }),
        RpcClientModule.for({ service, instance: config.instance }),
        DirectoryModule.for(base, 'loaded'),
        EventSourcingModule.for({
          service,
          base,
          dataDir: config.dataDir,
          migrationsDir: join(__dirname, 'migrations'),
        }),
        ConsentModule,
        MemoryModule,
      ],
      providers: [
        {
          provide: OPERATION_HANDLERS,
          useFactory: (...slices: OperationHandlers[]) => mergeHandlers(...slices),
          inject: [CONSENT_HANDLERS, MEMORY_HANDLERS],
        },
        {
          provide: OPERATION_GUARD,
          useFactory: (relay: RelayJob) => relay.guard.bind(relay),
          inject: [RelayJob],
        },
        { provide: OPERATION_AUTHORIZER, useExisting: DirectoryAuthorizer },
        operationServer(service, config.instance),
      ],
    };
  }
}
