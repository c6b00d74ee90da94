import { limits } from '@concordat/contracts';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { duration, wholeNumber } from '../client/arguments';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { addFetchOptions, type FetchOptions, showDeliveries } from '../message/show-deliveries';

type NackOptions = ConnectionOptions & { readonly delay?: number; readonly reason?: string };

/** `inbox [fetch]|ack|nack|extend` */
export function register(command: Command, context: () => Context): void {
  addFetchOptions(command.command('fetch', { isDefault: true }))
    .description('receive what waits for the agent (also without the word fetch)')
    .action(act((options: FetchOptions) => inbox(context(), options)));
  addAgentOptions(command.command('ack <tokens...>'))
    .description('acknowledge deliveries by their tokens, also those of topics: they do not come again')
    .action(act((tokens: string[], options: ConnectionOptions) => ack(context(), tokens, options)));
  addAgentOptions(command.command('nack <token>'))
    .description('give a delivery back: it comes again after a pause, or fails after its last attempt')
    .option('--delay <time>', 'the pause, like 90s or 1h (default: grows with the attempts)', duration)
    .option('--reason <text>', 'why; the audit trail and dead letters show it')
    .action(act((token: string, options: NackOptions) => nack(context(), token, options)));
  addAgentOptions(command.command('extend <tokens...>'))
    .description('extend leases of deliveries')
    .option('--lease-seconds <n>', 'so long from now', wholeNumber(1, limits.leaseSeconds), 30)
    .action(
      act((tokens: string[], options: ConnectionOptions & { leaseSeconds: number }) =>
        extend(context(), tokens, options),
      ),
    );
}

async function inbox(context: Context, options: FetchOptions): Promise<void> {
  const client = await new Connection(context, options).asAgent();
  const { count, waitSeconds, leaseSeconds } = options;
  const fetch = client.inbox.fetch({ count, waitSeconds, leaseSeconds });
  await showDeliveries(context, client, fetch, { ...options, whenEmpty: 'The inbox is empty.' });
}

async function ack(context: Context, tokens: string[], options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAgent();
  const done = await during(context.progress, 'acknowledging', client.inbox.ack({ tokens }));
  context.output.data(done, () => done.acked.map((id) => `${id} is acknowledged.`).join('\n'));
}

async function nack(context: Context, token: string, options: NackOptions): Promise<void> {
  const { delay: delaySeconds, reason, ...connection } = options;
  const client = await new Connection(context, connection).asAgent();
  const asked = client.inbox.nack({ token, delaySeconds, ...(reason !== undefined && { reason }) });
  const done = await during(context.progress, 'giving it back', asked);
  const outcome = {
    returned: 'comes again after a pause',
    failed: 'has failed: see ./concordat dlq list',
    purged: 'is gone, as its queue is',
  }[done.outcome];
  context.output.data(done, () => `${done.id} ${outcome}.`);
}

async function extend(
  context: Context,
  tokens: string[],
  options: ConnectionOptions & { leaseSeconds: number },
): Promise<void> {
  const { leaseSeconds, ...connection } = options;
  const client = await new Connection(context, connection).asAgent();
  const done = await during(context.progress, 'extending', client.inbox.extend({ tokens, leaseSeconds }));
  context.output.data(done, () =>
    done.extended.map((id) => `${id} is yours for ${leaseSeconds} s from now.`).join('\n'),
  );
}
