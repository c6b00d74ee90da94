import { limits, messageType } from '@concordat/contracts';
import { type Concordat, type OperationOutput, type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { confirm } from '../client/confirm';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findQueue } from '../client/find-destination';
import { findDid } from '../client/find-did';
import { type Context, UserError } from '../context';
import { attemptTable } from '../message/attempt-table';
import { jsonText, table, visible } from '../output';

type Filter = Pick<
  OperationRequest<'deadLetter.list'>,
  'queue' | 'from' | 'type' | 'error' | 'failedBefore' | 'failedAfter'
>;
type FilterOptions = ConnectionOptions & Filter;
type ChangeOptions = FilterOptions & { readonly dryRun?: boolean; readonly yes?: boolean };
type Changed = OperationOutput<'deadLetter.replay'>;

/** `dlq list|show|replay|purge` */
export function register(command: Command, context: () => Context): void {
  addFilter(command.command('list'))
    .description('search messages that were given up after their last attempt, the latest first')
    .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50)
    .action(act((options: FilterOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(command.command('show <id>'))
    .description('show a dead letter with its payload')
    .option('--queue <queue>', 'in which it died, if in several: an agent, or topic:<name>/<group>')
    .action(act((id: string, options: FilterOptions) => show(context(), id, options)));
  addFilter(command.command('replay [ids...]'))
    .description('let dead letters wait in their queue again: those named, or those that the filters find')
    .option('--dry-run', 'only tell which')
    .action(act((ids: string[], options: ChangeOptions) => replay(context(), ids, options)));
  addFilter(command.command('purge [ids...]'))
    .description('purge dead letters: those named, or those that the filters find')
    .option('--dry-run', 'only tell which')
    .option('--yes', 'do not ask')
    .action(act((ids: string[], options: ChangeOptions) => purge(context(), ids, options)));
}

const addFilter = (command: Command): Command =>
  addAdminOptions(command)
    .option('--queue <queue>', 'that died in: the inbox of an agent, or topic:<name>/<group>')
    .option('--from <sender>', 'of this sender: name or DID of an agent, or apiKey:<id>')
    .addOption(choice('--type <type>', 'of this type', messageType.options))
    .option('--error <text>', 'with this in the cause of their end')
    .option('--failed-before <time>', 'that ended before (RFC 3339)')
    .option('--failed-after <time>', 'that ended after (RFC 3339)');

/** A client, and the filter with addresses in place of names. */
async function open(
  context: Context,
  options: FilterOptions,
): Promise<{ client: Concordat; filter: Filter }> {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const { queue, from, type, error, failedBefore, failedAfter } = options;
  const isActor = from?.includes(':') === true && !from.startsWith('did:');
  const filter = {
    queue: queue && (await findQueue(queue, connection.agents, client)),
    from: from && !isActor ? await findDid(from, connection.agents, client) : from,
    ...{ type, error, failedBefore, failedAfter },
  };
  return { client, filter };
}

async function list(
  context: Context,
  { limit, ...options }: FilterOptions & { limit: number },
): Promise<void> {
  const { client, filter } = await open(context, options);
  const page = await during(context.progress, 'searching', client.deadLetters.list({ ...filter, limit }));
  const rows = page.items.map((letter) => [
    ...[letter.failedAt, letter.queue, letter.from, letter.type, String(letter.attempts)],
    ...[letter.error, letter.id],
  ]);
  context.output.data(page, () =>
    rows.length === 0
      ? 'There are no dead letters.'
      : table(['failed', 'queue', 'from', 'type', 'attempts', 'error', 'id'], rows),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit, or narrow the search');
}

async function show(context: Context, id: string, options: FilterOptions): Promise<void> {
  const { client, filter } = await open(context, options);
  const letter = await client.deadLetters.get({ id, queue: filter.queue });
  const { history, payload, ...facts } = letter;
  context.output.data(letter, () =>
    [
      ...Object.entries(facts).map(([name, value]) => visible(`${name.padEnd(13)}  ${value ?? ''}`)),
      ...['', attemptTable(history), '', jsonText(payload)],
    ].join('\n'),
  );
}

/** @throws UserError: both would leave open what is meant */
function requireOne(ids: readonly string[], filter: Filter): boolean {
  const isFiltered = Object.values(filter).some((value) => value !== undefined);
  if (ids.length > 0 && isFiltered)
    throw new UserError('Name dead letters by their ids, or by filters, not both.');
  if (ids.length === 0 && !isFiltered)
    throw new UserError('Say which: ids, or a filter such as --queue. See: ./concordat dlq list');
  return isFiltered;
}

async function replay(context: Context, ids: string[], options: ChangeOptions): Promise<void> {
  const { client, filter } = await open(context, options);
  const which = requireOne(ids, filter) ? filter : { ids };
  const { dryRun = false } = options;
  const done = await during(context.progress, 'replaying', client.deadLetters.replay({ ...which, dryRun }));
  report(context, done, { done: 'replayed', would: 'would be replayed' });
}

async function purge(context: Context, ids: string[], options: ChangeOptions): Promise<void> {
  const { client, filter } = await open(context, options);
  const isFiltered = requireOne(ids, filter);
  const ask = (which: OperationRequest<'deadLetter.purge'>): Promise<Changed> =>
    during(context.progress, 'purging', client.deadLetters.purge(which));
  const words = { done: 'purged', would: 'would be purged' };
  const found = isFiltered ? [filter] : ids.map((id) => ({ id }));
  const all = async (dryRun: boolean): Promise<Changed> => {
    const parts: Changed[] = [];
    for (const which of found) parts.push(await ask({ ...which, dryRun: dryRun ? 'true' : 'false' }));
    return {
      items: parts.flatMap(({ items }) => items),
      dryRun,
      hasMore: parts.some(({ hasMore }) => hasMore),
    };
  };
  if (options.dryRun === true) return report(context, await all(true), words);
  if (isFiltered && options.yes !== true) {
    const { items, hasMore } = await all(true);
    if (items.length === 0) return report(context, { items, hasMore, dryRun: false }, words);
    await confirm(
      `Purge ${items.length} dead letters for good?${hasMore ? ' There are more.' : ''}`,
      'Purge what the filters find with --yes; --dry-run shows it first.',
    );
  }
  report(context, await all(false), words);
}

function report(
  { output, progress }: Context,
  changed: Changed,
  words: { done: string; would: string },
): void {
  const { items, dryRun, hasMore } = changed;
  const rows = items.map(({ id, queue }) => [id, queue]);
  output.data(changed, () => (rows.length === 0 ? 'None was found.' : table(['id', 'queue'], rows)));
  if (items.length > 0)
    progress.done(`${items.length} dead letters ${dryRun ? words.would : `are ${words.done}`}`);
  if (hasMore)
    progress.warn(
      `there are more than ${items.length}: ${dryRun ? 'only these are shown' : 'repeat the command'}`,
    );
}
