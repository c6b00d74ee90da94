import { type Environment, readConfig, serviceSettings } from '@concordat/runtime';
import { z } from 'zod';

const { redisUrl, peersFile, dataDir, environment, logLevel } = serviceSettings;

export const backupSettings = {
  /**
   * For how many days a backup keeps its keys, which receipts of erasures name: so long an erasure could be undone by whoever
   * has the root key too. 0: backups have none, and a restore needs the keystore that is there.
   */
  keystoreBackupDays: z.coerce.number().int().min(0).max(3_650).default(7),
} as const;

const schema = z.strictObject({
  dataDir,
  ...backupSettings,
  /** For what takes events back from the stream, or compares with it. */
  redisUrl: redisUrl.optional(),
  peersFile: peersFile.optional(),
  environment,
  logLevel,
});

export type MaintenanceConfig = z.infer<typeof schema>;

/** @throws ConfigError */
export const readMaintenanceConfig = (variables: Environment = process.env): MaintenanceConfig =>
  readConfig(schema, variables);
