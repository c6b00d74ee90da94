import { limits, messagePriority, messageStatus, messageType } from '@concordat/contracts';
import type { Concordat, OperationOutput } from '@concordat/sdk';
import { type Command } from 'commander';
import { act } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context, UserError } from '../context';
import { table } from '../output';

interface SearchOptions extends ConnectionOptions {
  readonly messages?: boolean;
  readonly type?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly user?: string;
  readonly persona?: string;
  readonly source?: string;
  readonly agent?: string;
  readonly fromAgent?: string;
  readonly toAgent?: string;
  readonly status?: string;
  readonly priority?: string;
  readonly label?: readonly string[];
  readonly correlationId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** `audit search` */
export function registerSearch(command: Command, context: () => Context): void {
  const several = (values: readonly string[]): string => `(${values.join(', ')}; several with commas)`;
  addAdminOptions(command.command('search'))
    .description('search the events of the audit trail, or its messages')
    .option('--messages', 'messages and their status instead of events')
    .option('--type <type>', `type of the event, or of the message ${several(messageType.options)}`)
    .option('--subject <subject>', 'events about this')
    .option('--actor <actor>', 'events caused by this actor, as agent:<did> or apiKey:<id>')
    .option('--user <id>', 'events caused by this person')
    .option('--persona <persona>', 'events about the memory of this agent, by name or DID, or communal')
    .option('--source <source>', 'events of this source, as /concordat/iam')
    .option('--agent <agent>', 'messages from or to this agent, by name or DID')
    .option('--from-agent <agent>', 'messages from this agent')
    .option('--to-agent <agent>', 'messages to this agent')
    .option('--status <status>', `messages with this status ${several(messageStatus.options)}`)
    .option('--priority <priority>', `messages with this priority ${several(messagePriority.options)}`)
    .option('--label <name=value...>', 'messages with this label; a value is JSON, or else a text')
    .option('--correlation-id <id>', 'of this conversation')
    .option('--from <time>', 'not before (RFC 3339)')
    .option('--to <time>', 'before (RFC 3339)')
    .addOption(
      choice('--order <order>', 'oldest (asc) or newest (desc) first', ['asc', 'desc']).default('desc'),
    )
    .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50)
    .action(act((options: SearchOptions) => search(context(), options)));
}

async function search(context: Context, options: SearchOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const { messages = false, correlationId, from, to, order, limit } = options;
  const shared = { correlationId, from, to, order, limit };
  const didOf = async (agent: string | undefined): Promise<string | undefined> =>
    agent && (await findDid(agent, connection.agents, client));
  const found = messages
    ? await searchMessages(client, { ...shared, ...(await agentsOf(options, didOf)) }, options)
    : await searchEvents(client, { ...shared, persona: await personaOf(options, didOf) }, options);
  output.data(found.page, () =>
    found.rows.length === 0 ? 'Nothing was found.' : table(found.headings, found.rows),
  );
  if (found.page.nextCursor !== null) progress.warn('there are more: raise --limit, or narrow the search');
}

type DidOf = (agent: string | undefined) => Promise<string | undefined>;

const agentsOf = async (
  { agent, fromAgent, toAgent }: SearchOptions,
  didOf: DidOf,
): Promise<MessageFilter> => ({
  agent: await didOf(agent),
  fromAgent: await didOf(fromAgent),
  // Topics and `*` get messages, too.
  toAgent: toAgent === '*' || toAgent?.startsWith('topic:') ? toAgent : await didOf(toAgent),
});

const personaOf = async ({ persona }: SearchOptions, didOf: DidOf): Promise<string | undefined> =>
  persona === 'communal' ? persona : didOf(persona);

/** `--label orderId=4711 --label kind=refund` as a JSON object. */
function labelsOf(labels: readonly string[] | undefined): string | undefined {
  if (labels === undefined) return undefined;
  const pairs = labels.map((label) => {
    const at = label.indexOf('=');
    if (at < 1) throw new UserError(`A label is name=value, not ${label}.`);
    return [label.slice(0, at), valueOf(label.slice(at + 1))];
  });
  return JSON.stringify(Object.fromEntries(pairs));
}

function valueOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
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
  requireUnset(options, ['subject', 'actor', 'user', 'persona', 'source'], '--messages');
  const { type, status, priority, label } = options;
  // In any case, as elsewhere.
  const words = {
    type: type?.toUpperCase(),
    status: status?.toUpperCase(),
    priority: priority?.toUpperCase(),
  };
  const page = await client.audit.messages({ ...shared, ...words, labels: labelsOf(label) } as MessageFilter);
  return { page, ...messageTable(page.items) };
}

async function searchEvents(client: Concordat, shared: EventFilter, options: SearchOptions): Promise<Found> {
  const ofMessages = ['agent', 'fromAgent', 'toAgent', 'status', 'priority', 'label'] as const;
  requireUnset(options, ofMessages, 'events; add --messages');
  const { type, subject, actor, user, source } = options;
  const page = await client.audit.events({ ...shared, type, subject, actor, user, source });
  return { page, ...eventTable(page.items) };
}

export interface Table {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const messageTable = (items: OperationOutput<'audit.messages'>['items']): Table => ({
  headings: ['sent', 'from', 'to', 'type', 'status', 'retries', 'conversation', 'id'],
  rows: items.map((item) => [
    ...[item.timestamp, item.from, item.to, item.type, item.status, String(item.retryCount)],
    ...[item.correlationId ?? '', item.messageId],
  ]),
});

export const eventTable = (items: OperationOutput<'audit.events'>['items']): Table => ({
  headings: ['time', 'type', 'subject', 'actor', 'id'],
  rows: items.map((item) => [item.time, item.type, item.subject ?? '', item.actor ?? '', item.id]),
});

/** A filter that is silently ignored would show too much. */
function requireUnset(options: SearchOptions, names: readonly (keyof SearchOptions)[], where: string): void {
  const wrong = names.filter((name) => options[name] !== undefined);
  const flagOf = (name: string): string =>
    `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (wrong.length > 0) throw new UserError(`${wrong.map(flagOf).join(', ')} means nothing for ${where}.`);
}
