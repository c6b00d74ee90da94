import { readConfig, type Environment, healthSettings, serviceSettings } from '@concordat/runtime';
import { defaultWebDomain, webDomain } from '@concordat/contracts';
import { passwordCost } from '@concordat/crypto';
import { backupSettings } from '@concordat/service';
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
  /** Host, and port, of the did:web identities made here; the same at every gateway, which serves their documents. */
  didWebDomain: webDomain.default(defaultWebDomain),
  ...backupSettings,
  /** A backup of events and keys is made every so many hours; 0: none. */
  backupHours: z.coerce.number().int().min(0).max(8_760).default(0),
  /** So many of the newest are kept. */
  backupsKept: z.coerce.number().int().min(1).max(1_000).default(7),
  /** Where they lie; left out: `backups` in the data folder. */
  backupDir: z.string().optional(),
  /** After so many days a new key signs access tokens. */
  signingKeyDays: z.coerce.number().int().min(1).max(365).default(30),
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
