import type { Logger, ServiceBase } from '@concordat/runtime';
import { LOGGER } from '@concordat/service';
import { type DynamicModule, Module } from '@nestjs/common';
import { EventSealer } from '../leaf/event-sealer';
import { AuditStore } from '../store/audit-store';
import { ErasureJob } from './erasure.job';

@Module({})
export class ErasureModule {
  static for({ health }: ServiceBase): DynamicModule {
    const job = (store: AuditStore, sealer: EventSealer, logger: Logger): ErasureJob => {
      const erasures = new ErasureJob({ store, sealer, logger });
      health.add('erasure', () => erasures.check());
      return erasures;
    };
    return {
      module: ErasureModule,
      providers: [{ provide: ErasureJob, useFactory: job, inject: [AuditStore, EventSealer, LOGGER] }],
      exports: [ErasureJob],
    };
  }
}
