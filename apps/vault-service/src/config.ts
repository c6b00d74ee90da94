import { readConfig, type Environment, healthSettings, serviceSettings } from '@concordat/runtime';
import { z } from 'zod';

const schema = z.strictObject({ ...serviceSettings, ...healthSettings });

export type VaultConfig = z.infer<typeof schema>;

/** @throws ConfigError */
export const readVaultConfig = (environment: Environment = process.env): VaultConfig =>
  readConfig(schema, environment);

export const otlpEndpoint = (environment: Environment = process.env): string | undefined =>
  environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
