import { setTimeout as wait } from 'node:timers/promises';
import { isatty } from 'node:tty';
import { type Concordat } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, explained } from '../client/act';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { showLive } from '../top/live';
import { sampleText, takeSample } from '../top/sample';

const pauseMs = 1_000;

/** `top`: how full the streams are, live on a terminal and once anywhere else. */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command).action(act((options: ConnectionOptions) => top(context(), options)));
}

async function top(context: Context, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  // To ask process.stdin would open it, and keep the process from ending.
  if (context.output.format === 'json' || !isatty(0) || !isatty(1)) {
    const sample = await takeSample(client);
    return context.output.data(sample, () => sampleText(sample));
  }
  await showLive(
    { input: process.stdin, output: process.stdout },
    () => screenOf(client),
    (signal) => wait(pauseMs, undefined, { signal }).catch(() => undefined),
  );
}

/** A gateway that is away for a while does not end the view. */
async function screenOf(client: Concordat): Promise<string> {
  const head = 'concordat top   ?: not known   q: quit';
  try {
    return `${head}\n\n${sampleText(await takeSample(client))}`;
  } catch (error) {
    const known = explained(error);
    if (known === error) throw error;
    return `${head}\n\n${(known as Error).message}`;
  }
}
