import { limits, messageStatus, messageType } from '@concordat/contracts';
import { type Concordat, type OperationOutput } from '@concordat/sdk';
import { type Command } from 'commander';
import { readFile } from 'node:fs/promises';
import { act, during } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { proveEvents, summaryOf } from '../client/prove-events';
import { type Context, UserError } from '../context';
import { table } from '../output';
import { dataFolder } from '../supervisor/provision';

interface VerifyOptions extends ConnectionOptions {
  readonly allOfCorrelation?: string;
  readonly vkey?: string;
}

interface SearchOptions extends ConnectionOptions {
  readonly messages?: boolean;
  readonly type?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly agent?: string;
  readonly status?: string;
  readonly correlationId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

/** `audit search|verify` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('verify'))
    .description('prove that events are in the audit log, with the key pinned on this machine')
    .argument('[event-id]', 'id of one event')
    .option('--all-of-correlation <id>', 'all events of a conversation instead')
    .option('--vkey <file>', 'file with the verifier key (default: audit.vkey in the data folder)')
    .action(act((id: string | undefined, options: VerifyOptions) => verify(context(), id, options)));
  addAdminOptions(command.command('search'))
    .description('search the events of the audit trail, or its messages')
    .option('--messages', 'messages and their status instead of events')
    .option('--type <type>', `type of the event, or of the message (${messageType.options.join(', ')})`)
    .option('--subject <subject>', 'events about this')
    .option('--actor <actor>', 'events caused by this actor, as agent:<did> or apiKey:<id>')
    .option('--agent <agent>', 'messages from or to this agent, by name or DID')
    .addOption(choice('--status <status>', 'messages with this status', messageStatus.options))
    .option('--correlation-id <id>', 'of this conversation')
    .option('--from <time>', 'not before (RFC 3339)')
    .option('--to <time>', 'before (RFC 3339)')
    .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50)
    .action(act((options: SearchOptions) => search(context(), options)));
}

async function verify(context: Context, id: string | undefined, options: VerifyOptions): Promise<void> {
  const { output, progress, dataDirectory } = context;
  const { allOfCorrelation: correlationId } = options;
  if ((id === undefined) === (correlationId === undefined))
    throw new UserError('Say what to verify: either an event id, or --all-of-correlation <id>.');
  const vkeyFile = options.vkey ?? dataFolder(dataDirectory).vkeyFile;
  const vkey = await readVkey(vkeyFile);
  const client = await new Connection(context, options).asAdmin();
  const ids = id === undefined ? await eventsOf(client, correlationId!) : [id];
  const results = await during(progress, `verifying ${ids.length} events`, proveEvents(client, ids, vkey));
  const ok = results.every((result) => result.ok);
  output.data({ ok, vkeyFile, results }, () => summaryOf(results, vkeyFile));
  if (!ok) process.exitCode = 1;
}

async function readVkey(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.trim() !== '') return text.trim();
  throw new UserError(
    `There is no verifier key in ${file}. audit-service writes it at its first start; name another file with --vkey <file>.`,
  );
}

async function eventsOf(client: Concordat, correlationId: string): Promise<string[]> {
  const ids: string[] = [];
  const limit = limits.pageItems;
  let cursor: string | undefined;
  do {
    const page: OperationOutput<'audit.events'> = await client.audit.events({ correlationId, cursor, limit });
    ids.push(...page.items.map((event) => event.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  if (ids.length > 0) return ids;
  throw new UserError(`No event has the correlation id ${correlationId}. See: ./concordat audit search`);
}

async function search(context: Context, options: SearchOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const { messages = false, correlationId, from, to, limit } = options;
  const shared = { correlationId, from, to, limit };
  const agent = options.agent && (await findDid(options.agent, connection.agents, client));
  const found = messages
    ? await searchMessages(client, { ...shared, agent }, options)
    : await searchEvents(client, shared, options);
  output.data(found.page, () =>
    found.rows.length === 0 ? 'Nothing was found.' : table(found.headings, found.rows),
  );
  if (found.page.nextCursor !== null) progress.warn('there are more: raise --limit, or narrow the search');
}

interface Found {
  readonly page: { readonly items: readonly unknown[]; readonly nextCursor: string | null };
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

type MessageFilter = Parameters<Concordat['audit']['messages']>[0];
type EventFilter = Parameters<Concordat['audit']['events']>[0];

async function searchMessages(
  client: Concordat,
  shared: MessageFilter,
  options: SearchOptions,
): Promise<Found> {
  requireUnset(options, ['subject', 'actor'], '--messages');
  const { type, status } = options;
  const page = await client.audit.messages({ ...shared, type, status } as MessageFilter);
  const headings = ['sent', 'from', 'to', 'type', 'status', 'retries', 'conversation', 'id'];
  const rows = page.items.map((item) => [
    ...[item.timestamp, item.from, item.to, item.type, item.status, String(item.retryCount)],
    ...[item.correlationId ?? '', item.messageId],
  ]);
  return { page, headings, rows };
}

async function searchEvents(client: Concordat, shared: EventFilter, options: SearchOptions): Promise<Found> {
  requireUnset(options, ['agent', 'status'], 'events; add --messages');
  const { type, subject, actor } = options;
  const page = await client.audit.events({ ...shared, type, subject, actor });
  const headings = ['time', 'type', 'subject', 'actor', 'id'];
  const rows = page.items.map((item) => [
    item.time,
    item.type,
    item.subject ?? '',
    item.actor ?? '',
    item.id,
  ]);
  return { page, headings, rows };
}

/** A filter that is silently ignored would show too much. */
function requireUnset(options: SearchOptions, names: readonly (keyof SearchOptions)[], where: string): void {
  const wrong = names.filter((name) => options[name] !== undefined);
  if (wrong.length > 0)
    throw new UserError(`${wrong.map((name) => `--${name}`).join(', ')} means nothing for ${where}.`);
}
