import { type Environment, healthSettings, readConfig, serviceSettings } from '@concordat/runtime';
import { z } from 'zod';

export const AUDIT_CONFIG = Symbol('AuditConfig');

const schema = z.strictObject({
  ...serviceSettings,
  ...healthSettings,
  /** With the password; `CONCORDAT_DATABASE_URL_FILE` keeps it out of the environment. */
  databaseUrl: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Partitions of the bus; the same at every gateway. */
  busPartitions: z.coerce.number().int().min(1).max(256).default(4),
  /** Identity of the log: first line of its checkpoints and name of its key. Made up once when left out. */
  logOrigin: z
    .string()
    .regex(/^[\x21-\x2a\x2c-\x7e]{1,128}$/, 'must be visible ASCII without + and spaces')
    .optional(),
  /** Where the verifier key of the log is written for those who pin it (mode 0644). */
  vkeyFile: z.string().optional(),
  /** Logs whose checkpoints are cosigned here: a verifier key (C2SP vkey) per line. */
  witnessedLogsFile: z.string().optional(),
  /** Who cosigns our checkpoints: the verifier key of a witness and the URL of its submission prefix per line. */
  witnessesFile: z.string().optional(),
});

export type AuditConfig = z.infer<typeof schema>;

/** @throws ConfigError */
export const readAuditConfig = (environment: Environment = process.env): AuditConfig =>
  readConfig(schema, environment);

export const otlpEndpoint = (environment: Environment = process.env): string | undefined =>
  environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
