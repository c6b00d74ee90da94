import { readConfig, type Environment, healthSettings, serviceSettings } from '@concordat/runtime';
import { passwordCost } from '@concordat/crypto';
import { z } from 'zod';

export const IAM_CONFIG = Symbol('IamConfig');

const schema = z.strictObject({
  ...serviceSettings,
  ...healthSettings,
  /** Issuer and audience of access tokens; the same at every gateway. */
  audience: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .default('concordat'),
  /** Where the API key of the first start is written (mode 0600). */
  adminKeyFile: z.string(),
  /**
   * Work of hashing a password with scrypt: 2^n blocks of 1 KiB. One more doubles time and memory (17: 128 MiB, about
   * 0.4 s); whoever logs in after it was raised is hashed anew.
   */
  passwordWorkLog2: z.coerce.number().int().min(15).max(20).default(passwordCost.logN),
});

export type IamConfig = z.infer<typeof schema>;

/** @throws ConfigError */
export const readIamConfig = (environment: Environment = process.env): IamConfig =>
  readConfig(schema, environment);

export const otlpEndpoint = (environment: Environment = process.env): string | undefined =>
  environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
