import { readFileSync } from 'node:fs';
import { parseRedisUrl } from '@concordat/contracts';
import { z } from 'zod';

export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = 'CONCORDAT_';

/** `redisUrl` → `CONCORDAT_REDIS_URL` */
export const variableName = (key: string): string =>
  prefix + key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

/** What is wrong with the configuration, every fault with its place; the process must not start. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/**
 * Reads a configuration once: environment, then the JSON file in `CONCORDAT_CONFIG_FILE`, then the defaults of the
 * schema. `<NAME>_FILE` reads a value from a file, so that secrets stay out of the environment. A variable that begins
 * with `CONCORDAT_` and that nobody reads is a mistake and stops the process.
 * @returns frozen
 * @throws ConfigError
 */
export function readConfig<S extends z.ZodObject>(
  schema: S,
  environment: Environment,
): Readonly<z.output<S>> {
  const keys = Object.keys(schema.shape);
  const fromFile = readConfigFile(environment[`${prefix}CONFIG_FILE`]);
  const unknown = [
    ...unknownVariables(keys, environment).map((name) => `${name} is not a setting of this service`),
    ...Object.keys(fromFile)
      .filter((key) => !keys.includes(key))
      .map((key) => `"${key}" in the configuration file is not a setting of this service`),
  ];
  if (unknown.length > 0)
    throw new ConfigError(`${unknown.join('; ')}. Settings: ${keys.map(variableName).join(', ')}`);

  const values = Object.fromEntries(
    keys.map((key) => [key, fromEnvironment(key, environment) ?? fromFile[key]]),
  );
  const parsed = schema.safeParse(values);
  if (parsed.success) return Object.freeze(parsed.data);
  throw new ConfigError(
    parsed.error.issues.map(({ path, message }) => `${variableName(String(path[0]))}: ${message}`).join('; '),
  );
}

function unknownVariables(keys: readonly string[], environment: Environment): string[] {
  const names = keys.map(variableName);
  const known = new Set([...names, ...names.map((name) => `${name}_FILE`), `${prefix}CONFIG_FILE`]);
  return Object.keys(environment).filter((name) => name.startsWith(prefix) && !known.has(name));
}

function fromEnvironment(key: string, environment: Environment): string | undefined {
  const name = variableName(key);
  const file = environment[`${name}_FILE`];
  if (environment[name] !== undefined && file !== undefined)
    throw new ConfigError(`set ${name} or ${name}_FILE, not both`);
  return file === undefined ? environment[name] : readText(file, `${name}_FILE`).trim();
}

function readConfigFile(file: string | undefined): Record<string, unknown> {
  if (file === undefined) return {};
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readText(file, `${prefix}CONFIG_FILE`)));
  } catch (error) {
    throw error instanceof ConfigError ? error : new ConfigError(`${file} is not a JSON object`);
  }
}

function readText(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError(`${name}: cannot read ${file} (${(error as NodeJS.ErrnoException).code})`);
  }
}

const port = z.coerce.number().int().min(0).max(65_535);

/** One server or a cluster; the reason of a refusal names no password. */
const redisUrl = z.string().superRefine((text, context) => {
  try {
    parseRedisUrl(text);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** Settings of every service. */
export const serviceSettings = {
  redisUrl,
  rpcRedisUrl: redisUrl,
  /** Stable name of this process among its siblings: iam-1 */
  instance: z.string().regex(/^[a-z0-9][a-z0-9-]{0,31}$/),
  identityKeyFile: z.string(),
  peersFile: z.string(),
  dataDir: z.string(),
  environment: z.enum(['development', 'production', 'test']).default('development'),
  logLevel: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  /** Share of traces that are recorded, when they are exported at all; default 1, in production 0.1. */
  traceSampleRatio: z.coerce.number().min(0).max(1).optional(),
} as const;

/** Settings of services that listen on health and metrics only. */
export const healthSettings = {
  healthHost: z.string().default('127.0.0.1'),
  healthPort: port,
} as const;

export const portSetting = port;
