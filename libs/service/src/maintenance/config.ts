import { type Environment, readConfig, serviceSettings } from '@concordat/runtime';
import { z } from 'zod';

const { redisUrl, peersFile, dataDir, environment, logLevel } = serviceSettings;

const schema = z.strictObject({
  dataDir,
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
