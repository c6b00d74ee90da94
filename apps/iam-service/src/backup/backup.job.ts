import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { failedBackups, lastBackup, type Logger } from '@concordat/runtime';
import { keptBackups, removeExpiredKeys } from '@concordat/service';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';

export interface BackupOptions {
  readonly dataDir: string;
  readonly directory: string;
  /** 0: no backups */
  readonly intervalMs: number;
  /** of the newest backups */
  readonly keep: number;
  /** how many days a backup keeps its keys; 0: it has none */
  readonly keyDays: number;
  /** the maintenance of this service, as it was built */
  readonly script: string;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

const lookMs = 60_000;
const timeoutMs = 30 * 60_000;
const run = promisify(execFile);

/**
 * Backs the store up from time to time, in a process of its own: the copy is checked event by event, which takes a
 * processor for seconds. How old the newest one is says its name, so a restart makes none too many.
 */
export class BackupJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> | undefined;
  readonly #end = new AbortController();

  constructor(private readonly options: BackupOptions) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => void this.#look(), lookMs).unref();
    void this.#look();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.#timer);
    this.#end.abort();
    await this.#running;
  }

  /** Keys end also while no backup is made: those of backups that were made by hand, too. */
  async #look(): Promise<void> {
    this.endKeys();
    if (this.options.intervalMs > 0) await this.runIfDue();
  }

  /** Removes keys of backups whose time is over. @returns which */
  endKeys(): readonly string[] {
    const { directory, keyDays, nowMs, logger } = this.options;
    try {
      const ended = removeExpiredKeys(directory, 'iam', keyDays, nowMs());
      if (ended.length > 0) logger.info({ files: ended }, 'keys of old backups removed');
      return ended;
    } catch (error) {
      logger.error({ error }, 'keys of old backups were not removed');
      return [];
    }
  }

  /** @returns whether a backup was made */
  async runIfDue(): Promise<boolean> {
    const { directory, intervalMs, nowMs } = this.options;
    const newest = keptBackups(directory, 'iam')[0]?.madeMs ?? 0;
    lastBackup.set(newest / 1_000);
    if (this.#running || nowMs() - newest < intervalMs) return false;
    const attempt = this.#run().finally(() => (this.#running = undefined));
    this.#running = attempt;
    return attempt;
  }

  async #run(): Promise<boolean> {
    const { dataDir, directory, keep, keyDays, script, logger } = this.options;
    const args = [script, 'backup', '--to', directory, '--keep', String(keep)];
    const env = { CONCORDAT_DATA_DIR: dataDir, CONCORDAT_KEYSTORE_BACKUP_DAYS: String(keyDays) };
    try {
      const { stdout } = await run(process.execPath, args, {
        env,
        timeout: timeoutMs,
        signal: this.#end.signal,
      });
      const { result } = JSON.parse(stdout.trim().split('\n').at(-1)!) as { result: object };
      lastBackup.set((keptBackups(directory, 'iam')[0]?.madeMs ?? 0) / 1_000);
      logger.info({ backup: result }, 'store backed up');
      return true;
    } catch (error) {
      if (this.#end.signal.aborted) return false;
      failedBackups.inc();
      logger.error({ error }, 'the store was not backed up');
      return false;
    }
  }
}
