import { limitKind, type LimitKind } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { table, visible } from '../output';

type Amounts = Omit<OperationRequest<'limit.put'>, 'kind' | 'id'>;
type SetOptions = ConnectionOptions & Amounts;

/** `limit list|set|delete` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('list'))
    .description('list the limits that are set; without one the defaults of the gateways hold')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 200)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(command.command('set'))
    .argument('<kind>', `whom: ${limitKind.options.join(', ')}`, kindOf)
    .argument('<id>', 'a DID, or the id of a user, an API key or a tenant')
    .description('set the limit of a subject; what is not named is as by default')
    .option('--requests-per-second <n>', 'requests in the long run', wholeNumber(1, 1_000_000))
    .option('--burst <n>', 'requests at once (default: of two seconds)', wholeNumber(1, 2_000_000))
    .option('--messages-per-minute <n>', 'messages within any minute', wholeNumber(1, 1_000_000_000))
    .option('--messages-per-day <n>', 'messages within any day', wholeNumber(1, 2_000_000_000))
    .action(act((kind: LimitKind, id: string, options: SetOptions) => set(context(), kind, id, options)));
  addAdminOptions(command.command('delete'))
    .argument('<kind>', `whom: ${limitKind.options.join(', ')}`, kindOf)
    .argument('<id>', 'as it is listed')
    .description('delete the limit of a subject: the defaults hold again')
    .action(
      act(async (kind: LimitKind, id: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const deleted = await client.limits.delete({ kind, id });
        context().output.data(deleted, () => `The limit of ${visible(`${kind} ${id}`)} is deleted.`);
      }),
    );
}

function kindOf(text: string): LimitKind {
  const kind = limitKind.options.find((name) => name.toLowerCase() === text.toLowerCase());
  if (kind === undefined) throw new InvalidArgumentError(`Allowed: ${limitKind.options.join(', ')}.`);
  return kind;
}

async function set(context: Context, kind: LimitKind, id: string, options: SetOptions): Promise<void> {
  const { requestsPerSecond, burst, messagesPerMinute, messagesPerDay, ...connection } = options;
  const client = await new Connection(context, connection).asAdmin();
  const asked = client.limits.put({ kind, id, requestsPerSecond, burst, messagesPerMinute, messagesPerDay });
  const limit = await during(context.progress, `limiting ${kind} ${id}`, asked);
  context.output.data(
    limit,
    () => `${visible(`${kind} ${id}`)} is limited so at every gateway within a second.`,
  );
}

async function list(context: Context, options: ConnectionOptions & { limit: number }): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.limits.list({ limit: options.limit });
  const amount = (value: number | null): string => value?.toString() ?? 'default';
  context.output.data(page, () =>
    table(
      ['kind', 'id', 'requests/s', 'burst', 'messages/min', 'messages/day', 'changed'],
      page.items.map(({ kind, id, updatedAt, ...amounts }) => [
        ...[kind, id, amount(amounts.requestsPerSecond), amount(amounts.burst)],
        ...[amount(amounts.messagesPerMinute), amount(amounts.messagesPerDay), updatedAt],
      ]),
    ),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}
