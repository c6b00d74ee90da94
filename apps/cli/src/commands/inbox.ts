import { type Delivery, limits } from '@concordat/contracts';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context, UserError } from '../context';
import { table } from '../output';

interface InboxOptions extends ConnectionOptions {
  readonly count: number;
  readonly waitSeconds: number;
  readonly leaseSeconds: number;
  readonly ack?: boolean;
}

/** `inbox`: what waits for the agent. */
export function register(command: Command, context: () => Context): void {
  addAgentOptions(command)
    .option('--count <n>', 'at most so many messages', wholeNumber(1, limits.inboxFetchItems), 10)
    .option(
      '--wait-seconds <n>',
      'wait so long for the first one',
      wholeNumber(0, limits.inboxWaitSeconds),
      0,
    )
    .option(
      '--lease-seconds <n>',
      'not acknowledged, they come again after',
      wholeNumber(1, limits.leaseSeconds),
      30,
    )
    .option('--ack', 'acknowledge them: they do not come again')
    .action(act((options: InboxOptions) => inbox(context(), options)));
}

async function inbox(context: Context, options: InboxOptions): Promise<void> {
  const { output, progress } = context;
  const { count, waitSeconds, leaseSeconds, ack = false } = options;
  const client = await new Connection(context, options).asAgent();
  const waiting = waitSeconds > 0 ? 'waiting for messages' : 'looking into the inbox';
  const { items } = await during(progress, waiting, client.inbox.fetch({ count, waitSeconds, leaseSeconds }));
  try {
    await output.written({ items }, () => (items.length === 0 ? 'The inbox is empty.' : listed(items)));
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(`The messages could not be written (${message}); none is acknowledged.`);
  }
  if (items.length === 0) return;
  // Only now: what was acknowledged does not come again, so it must have reached whoever asked.
  if (ack) {
    const tokens = items.map(({ deliveryToken }) => deliveryToken);
    const { acked } = await during(progress, 'acknowledging', client.inbox.ack({ tokens }));
    return progress.done(`acknowledged: ${acked.length} of ${items.length}`);
  }
  progress.warn(
    `not acknowledged: they come again in ${leaseSeconds} s, and after ${limits.deliveryAttempts} times have failed; see --ack`,
  );
}

const listed = (items: readonly Delivery[]): string =>
  table(
    ['sent', 'from', 'type', 'priority', 'attempt', 'conversation', 'payload'],
    items.map((item) => [
      item.timestamp,
      item.from,
      item.type,
      item.priority,
      String(item.attempt),
      item.correlationId ?? '',
      JSON.stringify(item.payload),
    ]),
  );
