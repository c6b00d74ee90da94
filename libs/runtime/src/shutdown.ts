import type { Logger } from './logger';

const drainMs = 10_000;

export interface Process {
  on(event: string, listener: (reason: unknown) => void): unknown;
  exit(code: number): void;
}

/**
 * Ends the process in order on SIGTERM and SIGINT, within a deadline; and at once, without order, when something
 * happened that nobody handled, since the state of the process is then unknown and its supervisor starts it anew.
 */
export function handleSignals(host: Process, logger: Logger, stop: () => Promise<void>): void {
  let isStopping = false;
  const onSignal = async (signal: string): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal }, 'stopping');
    const timer = setTimeout(() => {
      logger.error(`not stopped after ${drainMs} ms`);
      host.exit(1);
    }, drainMs);
    timer.unref();
    try {
      await stop();
      logger.info('stopped');
      host.exit(0);
    } catch (error) {
      logger.error({ error }, 'stopping failed');
      host.exit(1);
    }
  };
  for (const signal of ['SIGTERM', 'SIGINT']) host.on(signal, () => void onSignal(signal));
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    host.on(event, (error) => {
      logger.fatal({ error }, event);
      host.exit(1);
    });
  }
}
