import { CommandContexts } from '@concordat/eventsourcing';
import type { Signer } from '@concordat/crypto';
import type { Keystore } from '@concordat/keystore';
import type { Clock, Logger, ServiceBase } from '@concordat/runtime';
import { CLOCK, KEYSTORE, LOGGER, RedisLinks, RelayJob, SIGNER } from '@concordat/service';
import { type DynamicModule, Global, Module } from '@nestjs/common';
import { AuditStore } from '../store/audit-store';
import { OwnEventStore } from './own-event-store';
import { OwnEvents } from './own-events';

/** Keys of the service itself live under a tenant that no caller can have. */
const serviceTenant = '~';

/** What audit-service itself decides: commands, and an event source of its own. */
@Global()
@Module({})
export class OwnEventModule {
  static for({ health }: ServiceBase): DynamicModule {
    const relay = (
      store: OwnEventStore,
      signer: Signer,
      redis: RedisLinks,
      clock: Clock,
      logger: Logger,
    ): RelayJob => new RelayJob({ store, signer, redis, health, clock, logger });
    const ownEvents = async (
      store: AuditStore,
      outbox: OwnEventStore,
      keystore: Keystore,
      clock: Clock,
    ): Promise<OwnEvents> => {
      const { key } = await keystore.obtain(serviceTenant, ['command-memo']);
      const contexts = new CommandContexts(key, clock.now);
      return new OwnEvents({ store, outbox, keystore, contexts, clock });
    };
    return {
      module: OwnEventModule,
      providers: [
        {
          provide: OwnEventStore,
          useFactory: (store: AuditStore) => new OwnEventStore(store),
          inject: [AuditStore],
        },
        { provide: OwnEvents, useFactory: ownEvents, inject: [AuditStore, OwnEventStore, KEYSTORE, CLOCK] },
        { provide: RelayJob, useFactory: relay, inject: [OwnEventStore, SIGNER, RedisLinks, CLOCK, LOGGER] },
      ],
      exports: [OwnEvents, OwnEventStore],
    };
  }
}
