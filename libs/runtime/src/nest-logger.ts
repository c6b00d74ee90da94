import type { LoggerService } from '@nestjs/common';
import type { Logger } from './logger';

/** Nest's messages in our log: its chatter at debug, its errors as errors. */
export const nestLogger = (logger: Logger): LoggerService => ({
  log: (message: unknown) => logger.debug(String(message)),
  debug: (message: unknown) => logger.debug(String(message)),
  verbose: (message: unknown) => logger.trace(String(message)),
  warn: (message: unknown) => logger.warn(String(message)),
  error: (message: unknown) => logger.error(String(message)),
  fatal: (message: unknown) => logger.fatal(String(message)),
});
