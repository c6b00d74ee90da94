import { isConcordatError } from '@concordat/contracts';
import { trace } from '@opentelemetry/api';
import { LogStream } from './log-stream';
import pino, { type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

/** Names under which a secret or a payload might reach the log by mistake. */
const secretNames = [
  'authorization', 'accessToken', 'apiKey', 'key', 'secret', 'password', 'signature', 'challenge', 'token', 'tokens',
  'deliveryToken', 'payload', 'content', 'input', 'output', 'metadata', 'privateKey', 'secretKey',
  'currentPassword', 'passwordHash', 'refreshToken', 'email',
]; // prettier-ignore

export interface LoggerOptions {
  readonly service: string;
  readonly instance: string;
  readonly level: string;
  readonly destination?: DestinationStream;
}

/** Structured log on stdout, with trace ids; fields that may hold a secret are replaced wherever they stand. */
export function createLogger({ service, instance, level, destination }: LoggerOptions): Logger {
  const paths = secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);
  return pino(
    {
      level,
      base: { service, instance },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths, censor: '[redacted]' },
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: describeError, error: describeError },
      mixin: () => {
        const span = trace.getActiveSpan()?.spanContext();
        return span ? { traceId: span.traceId, spanId: span.spanId } : {};
      },
    },
    destination ?? standardOutput({ service, instance }),
  );
}

let standard: LogStream | undefined;

/** One for the process, however many loggers write to it. */
function standardOutput(base: object): DestinationStream {
  if (standard) return standard;
  const stream = new LogStream(1, (lines) => {
    const told = {
      level: 'warn',
      time: new Date().toISOString(),
      ...base,
      lines,
      msg: 'lines of this log are lost',
    };
    return `${JSON.stringify(told)}\n`;
  });
  process.once('exit', () => stream.flushSync());
  return (standard = stream);
}

/** Type, message, code and stack down the causes; other properties of an error may carry arguments, so they stay out. */
function describeError(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = 'code' in error ? { code: String(error.code) } : {};
  const cause =
    error.cause !== undefined && depth < 3 ? { cause: describeError(error.cause, depth + 1) } : {};
  return { type: name, message, ...code, stack, ...cause };
}

/**
 * A listener for the errors of something that tries again by itself. That Redis is away is said once, by the connection;
 * repeating it with every attempt would only bury the rest.
 */
export const problemListener =
  (logger: Logger, where: string) =>
  (error: unknown): void =>
    logger[isConcordatError(error, 'SERVICE_UNAVAILABLE') ? 'debug' : 'warn']({ error }, where);
