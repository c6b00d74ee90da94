import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Service } from '@concordat/contracts';
import type { Signer } from '@concordat/crypto';
import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import { fileRootKey, type Keystore, openKeystore } from '@concordat/keystore';
import { type Clock, type Logger, type ServiceBase } from '@concordat/runtime';
import { readMigrations } from '@concordat/sqlite';
import { type DynamicModule, Global, Module, type OnApplicationShutdown } from '@nestjs/common';
import { RedisLinks } from './redis-links';
import { RelayJob } from './relay-job';
import { CLOCK, KEYSTORE, LOGGER, SIGNER } from './tokens';

export interface EventSourcingSettings {
  readonly service: Service;
  readonly base: ServiceBase;
  readonly dataDir: string;
  /** Folder of the migrations for the tables of the projections. */
  readonly migrationsDir: string;
}

/** Keys of the service itself live under a tenant that no caller can have. */
const serviceTenant = '~';

class StoreCloser implements OnApplicationShutdown {
  constructor(
    private readonly store: SqliteEventStore,
    private readonly keystore: Keystore,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await this.store.close();
    await this.keystore.close();
  }
}

/** What an event-sourced service has: keystore, event store, command runner, relay. */
@Global()
@Module({})
export class EventSourcingModule {
  static for({ service, base, dataDir, migrationsDir }: EventSourcingSettings): DynamicModule {
    const onFailure = (error: Error): void => {
      base.logger.fatal({ error }, 'the store can no longer be written');
      process.exit(1);
    };
    const [keysFile, storeFile] = [join(dataDir, 'keys.db'), join(dataDir, `${service}.db`)];
    const openKeys = (clock: Clock, logger: Logger): Keystore => {
      // Made before the store is. With a new one, what the store has sealed would be lost without a word.
      if (existsSync(storeFile) && !existsSync(keysFile))
        throw new Error(
          `${keysFile} is missing: without it no sealed field of ${storeFile} can be read. Put it back, or restore a backup ` +
            `that has keys: ./concordat ${service} restore --from <file>.`,
        );
      return openKeystore({
        file: keysFile,
        root: fileRootKey(join(dataDir, 'root.key'), keysFile, (message) => logger.warn(message)),
        now: () => clock.now().toISOString(),
        onFailure,
      });
    };
    const openStore = (clock: Clock): SqliteEventStore =>
      new SqliteEventStore({
        file: storeFile,
        source: service,
        migrations: { room: service, list: readMigrations(migrationsDir) },
        now: clock.now,
        onFailure,
      });
    const contexts = async (keystore: Keystore, clock: Clock): Promise<CommandContexts> =>
      new CommandContexts((await keystore.obtain(serviceTenant, ['command-memo'])).key, clock.now);
    const relay = (
      store: SqliteEventStore,
      signer: Signer,
      redis: RedisLinks,
      clock: Clock,
      logger: Logger,
    ): RelayJob => new RelayJob({ store, signer, redis, health: base.health, clock, logger });
    return {
      module: EventSourcingModule,
      providers: [
        { provide: KEYSTORE, useFactory: openKeys, inject: [CLOCK, LOGGER] },
        { provide: SqliteEventStore, useFactory: openStore, inject: [CLOCK, KEYSTORE] },
        { provide: CommandContexts, useFactory: contexts, inject: [KEYSTORE, CLOCK] },
        {
          provide: CommandRunner,
          useFactory: (store: SqliteEventStore, keystore: Keystore) => new CommandRunner(store, keystore),
          inject: [SqliteEventStore, KEYSTORE],
        },
        {
          provide: RelayJob,
          useFactory: relay,
          inject: [SqliteEventStore, SIGNER, RedisLinks, CLOCK, LOGGER],
        },
        {
          provide: StoreCloser,
          useFactory: (store: SqliteEventStore, keystore: Keystore) => new StoreCloser(store, keystore),
          inject: [SqliteEventStore, KEYSTORE],
        },
      ],
      exports: [KEYSTORE, SqliteEventStore, CommandContexts, CommandRunner, RelayJob],
    };
  }
}
