import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type EventSpec, formatPosition, type Service } from '@concordat/contracts';
import {
  type BackupManifest,
  backupStore,
  destroyErased,
  type KeysFound,
  type Projection,
  type PublishedEvents,
  readManifest,
  rebuildProjections,
  restoreStore,
  StreamGapError,
  verifyAtOpen,
  verifyStore,
} from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import { readPeers } from '@concordat/runtime';
import { openDatabase, readMigrations } from '@concordat/sqlite';
import { blockingConnection, commandConnection, RedisEventLog, whenReady } from '@concordat/streams';
import type { MaintenanceConfig } from './config';
import { removeExpiredKeys, removeKeyDrafts, removeOlderBackups } from './kept-backups';
import { backUpKeys, keysFileOf } from './key-backups';
import { keystoreFile, rootKeyOf, withKeystore, withRestoredKeystore } from './maintained-keystore';
import { PublishedStream } from './published-stream';

/** What maintenance has to know of a service. */
export interface MaintainedService {
  readonly service: Service;
  readonly migrationsDir: string;
  /** For every event of the service. */
  readonly projections: Projection;
  /** Columns per table that no event stands behind: a rebuild leaves them as they are. */
  readonly kept?: Readonly<Record<string, readonly string[]>>;
  /** Types of events that take something away: what must not be lost by a restore. */
  readonly takesAway: readonly EventSpec[];
  /** Whether backups have keys, for as many days as `keystoreBackupDays` says. */
  readonly backsUpKeys: boolean;
}

export interface Surroundings {
  readonly config: MaintenanceConfig;
  readonly now: () => Date;
  readonly onProgress: (text: string) => void;
}

const dayMs = 86_400_000;

const storeFile = (service: Service, { dataDir }: MaintenanceConfig): string =>
  join(dataDir, `${service}.db`);

/** `verify`: everything; compared with the stream when one is named. The service may run. */
export async function verify(
  { service }: MaintainedService,
  { config, onProgress }: Surroundings,
): Promise<object> {
  const file = storeFile(service, config);
  const report = verifyStore(file, service, onProgress);
  const streamProblem =
    config.redisUrl === undefined ? undefined : await compareWithStream(service, config, report.head);
  const problems = [...report.problems, ...(streamProblem ? [streamProblem] : [])];
  return { file, ...report, problems, comparedWithStream: config.redisUrl !== undefined };
}

async function compareWithStream(
  service: Service,
  config: MaintenanceConfig,
  head: string,
): Promise<string | undefined> {
  const end = await withLog(config, (log) => log.head(service));
  // Read after the store was: what the service has appended since is no loss, unless the store does not have it.
  const file = storeFile(service, config);
  const db = openDatabase(file, { readonly: true });
  try {
    const there =
      end && db.prepare('SELECT epoch FROM events WHERE position = ?').pluck().get(end.at.position);
    if (!end || there === end.at.epoch) return undefined;
    return `the stream goes on to ${formatPosition(end.at)}, the store ends at ${head}`;
  } catch (error) {
    return (error as Error).message;
  } finally {
    db.close();
  }
}

/** `backup`: history and keys, while the service runs. @param keep so many of the newest; undefined: all */
export async function backup(
  { service, backsUpKeys }: MaintainedService,
  { config, now, onProgress }: Surroundings,
  directory: string,
  keep?: number,
): Promise<object> {
  const file = storeFile(service, config);
  if (!existsSync(file)) throw new Error(`${file} is missing: there is nothing to back up.`);
  removeKeyDrafts(directory, service, now().getTime());
  const made = await backupStore({
    ...{ file, source: service, directory, now: now() },
    onProgress: (done, total) => onProgress(`copying the history: ${done} of ${total} events`),
  });
  // As a restore would read it; only then older ones are given up for it.
  const manifest = await readManifest(made.file, service);
  const days = backsUpKeys ? config.keystoreBackupDays : 0;
  const keys = days === 0 ? null : await keysBeside(made.file, manifest, { config, now, days });
  const removed = keep === undefined ? [] : removeOlderBackups(directory, service, keep);
  const expired = removeExpiredKeys(directory, service, days, now().getTime());
  return { file: made.file, ...made.manifest, keys, removed: [...removed, ...expired] };
}

async function keysBeside(
  made: string,
  manifest: BackupManifest,
  { config, now, days }: Pick<Surroundings, 'config' | 'now'> & { readonly days: number },
): Promise<object> {
  const from = keystoreFile(config.dataDir);
  const count = await backUpKeys(from, rootKeyOf(config.dataDir, from), made, manifest);
  return { file: keysFileOf(made), count, until: new Date(now().getTime() + days * dayMs).toISOString() };
}

/** `rebuild`: the tables from the events. */
export async function rebuild(
  { service, projections: projection, kept }: MaintainedService,
  { config, now, onProgress }: Surroundings,
): Promise<object> {
  const file = storeFile(service, config);
  if (!existsSync(file)) throw new Error(`${file} is missing: there is nothing to rebuild.`);
  verifyAtOpen(file, service);
  const begun = performance.now();
  const rebuilt = await withKeystore({ ...config, now }, async (keystore) => {
    const db = openExclusively(file);
    try {
      await destroyErased(db, [], keystore);
      const result = await rebuildProjections(db, {
        ...{ source: service, projection, keystore, kept },
        onProgress: (done, total) => onProgress(`rebuilding tables: ${done} of ${total} events`),
      });
      db.pragma('wal_checkpoint(TRUNCATE)');
      return result;
    } finally {
      db.close();
    }
  });
  return { file, ...rebuilt, durationMs: Math.round(performance.now() - begun) };
}

function openExclusively(file: string) {
  try {
    return openDatabase(file, { secureDelete: true, exclusive: true, busyMs: 0 });
  } catch (error) {
    if (!(error as { code?: string }).code?.startsWith('SQLITE_BUSY')) throw error;
    throw new Error(`${file} is in use: stop the service first.`, { cause: error });
  }
}

/** `restore` from a backup; `recover` from what is whole of the file. Both take back what was published later. */
export async function restore(
  { service, migrationsDir, projections: projection, kept, takesAway }: MaintainedService,
  { config, now, onProgress }: Surroundings,
  { from, acceptLoss }: { readonly from: string | undefined; readonly acceptLoss: boolean },
): Promise<object> {
  const run = async (published: PublishedEvents): Promise<object> => {
    const file = storeFile(service, config);
    const place = { ...config, now };
    const restoreWith = (keystore: Keystore, judgeKeys?: (keys: KeysFound) => void): Promise<object> => {
      const migrations = { room: service, list: readMigrations(migrationsDir) };
      const options = { file, source: service, migrations, projection, keystore, now: now(), published };
      return restoreStore({ ...options, backup: from, acceptLoss, takesAway, kept, judgeKeys, onProgress });
    };
    if (from === undefined)
      return {
        file,
        keysRestored: null,
        ...(await withKeystore(place, (keystore) => restoreWith(keystore))),
      };
    const { result, keysRestored } = await withRestoredKeystore(
      place,
      { backup: from, source: service, acceptLoss },
      restoreWith,
    );
    return { file, keysRestored, ...result };
  };
  if (config.redisUrl === undefined) return run(noStream);
  return withLog(config, (log) => {
    if (config.peersFile === undefined) throw new Error('CONCORDAT_PEERS_FILE is not set.');
    return run(new PublishedStream(log, service, readPeers(config.peersFile)[service]));
  });
}

const noStream: PublishedEvents = {
  async *after() {
    throw new StreamGapError(
      'There is no stream to take later events from. To go on without: --accept-loss.',
    );
  },
  async *all() {
    yield [];
  },
};

async function withLog<T>(
  { redisUrl }: MaintenanceConfig,
  use: (log: RedisEventLog) => Promise<T>,
): Promise<T> {
  const commands = commandConnection({ url: redisUrl!, name: 'maintenance' });
  const reader = blockingConnection({ url: redisUrl!, name: 'maintenance-reader' });
  const log = new RedisEventLog(commands, reader);
  try {
    // Neither keeps what is sent before.
    await Promise.all([commands, reader].map((connection) => whenReady(connection, 5_000)));
    return await use(log);
  } finally {
    await log.close();
  }
}
