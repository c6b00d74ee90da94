import { type Delivery, limits } from '@concordat/contracts';
import { type Concordat } from '@concordat/sdk';
import { type Command } from 'commander';
import { during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAgentOptions, type ConnectionOptions } from '../client/connection';
import { type Context, UserError } from '../context';
import { deliveryTable } from './delivery-table';

export interface FetchOptions extends ConnectionOptions {
  readonly count: number;
  readonly waitSeconds: number;
  readonly leaseSeconds: number;
  readonly ack?: boolean;
}

export const addFetchOptions = (command: Command): Command =>
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
    .option('--ack', 'acknowledge them: they do not come again');

/** Shows what is fetched, and acknowledges it if that was asked for. @throws UserError when it could not be written */
export async function showDeliveries(
  { output, progress }: Context,
  client: Concordat,
  fetch: Promise<{ readonly items: readonly Delivery[] }>,
  { ack = false, waitSeconds, leaseSeconds, whenEmpty }: FetchOptions & { readonly whenEmpty: string },
): Promise<void> {
  const { items } = await during(
    progress,
    waitSeconds > 0 ? 'waiting for messages' : 'looking for messages',
    fetch,
  );
  try {
    await output.written({ items }, () => (items.length === 0 ? whenEmpty : deliveryTable(items, !ack)));
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
    `not acknowledged: they come again in ${leaseSeconds} s, and after ${limits.deliveryAttempts} times have failed; see --ack, or ./concordat inbox ack`,
  );
}
