import { limits } from '@concordat/contracts';
import type { OperationOutput, OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act } from '../client/act';
import { choice, json, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import type { Context } from '../context';
import { table } from '../output';
import { eventTable, messageTable } from './audit-search';

interface PageOptions extends ConnectionOptions {
  readonly limit: number;
  readonly cursor?: string;
}

interface HistoryOptions extends PageOptions {
  readonly direction: 'sent' | 'received' | 'both';
  readonly from?: string;
  readonly to?: string;
  readonly order: 'asc' | 'desc';
}

interface StatisticsOptions extends ConnectionOptions {
  readonly from?: string;
  readonly to?: string;
  readonly agent?: string;
  readonly top: number;
}

interface LabelOptions extends ConnectionOptions {
  readonly set?: OperationRequest<'audit.setLabels'>['labels'];
}

/** `audit conversation|history|statistics|labels` */
export function registerReports(command: Command, context: () => Context): void {
  const addPage = (page: Command): Command =>
    page
      .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50)
      .option('--cursor <cursor>', '`nextCursor` of the page before');
  addPage(addAdminOptions(command.command('conversation')))
    .description('the messages of a conversation, and the events that belong to it, in order')
    .argument('<id>', 'its correlation id')
    .action(act((id: string, options: PageOptions) => conversation(context(), id, options)));
  addPage(addAdminOptions(command.command('history')))
    .description('the messages that an agent sent and got')
    .argument('<agent>', 'name or DID')
    .addOption(
      choice('--direction <which>', 'sent, received or both', ['sent', 'received', 'both']).default('both'),
    )
    .option('--from <time>', 'not before (RFC 3339)')
    .option('--to <time>', 'before (RFC 3339)')
    .addOption(
      choice('--order <order>', 'oldest (asc) or newest (desc) first', ['asc', 'desc']).default('desc'),
    )
    .action(act((agent: string, options: HistoryOptions) => history(context(), agent, options)));
  addAdminOptions(command.command('statistics'))
    .description('totals, error rate, delivery times, top senders and receivers in a window of time')
    .option('--from <time>', 'not before (RFC 3339); a day before --to when left out')
    .option('--to <time>', 'before (RFC 3339); now when left out')
    .option('--agent <agent>', 'of the messages of this agent, by name or DID')
    .option('--top <n>', 'how many senders and receivers', wholeNumber(1, 100), 10)
    .action(act((options: StatisticsOptions) => statistics(context(), options)));
  addAdminOptions(command.command('labels'))
    .description('values of payloads that messages can be searched by; they are kept in clear')
    .option('--set <json>', 'declare these instead: an array of {messageType, name, pointer}, or @file', json)
    .action(act((options: LabelOptions) => labels(context(), options)));
}

async function conversation(context: Context, correlationId: string, options: PageOptions): Promise<void> {
  const { output, progress } = context;
  const client = await new Connection(context, options).asAdmin();
  const { limit, cursor } = options;
  const found = await client.audit.conversation({ correlationId, limit, cursor });
  const [messages, events] = [messageTable(found.messages), eventTable(found.events)];
  output.data(found, () =>
    found.messages.length + found.events.length === 0
      ? 'Nothing was found.'
      : `${table(messages.headings, messages.rows)}\n\n${table(events.headings, events.rows)}`,
  );
  if (found.nextCursor !== null) progress.warn(`there are more: --cursor ${found.nextCursor}`);
}

async function history(context: Context, agent: string, options: HistoryOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const did = await findDid(agent, connection.agents, client);
  const { direction, from, to, order, limit, cursor } = options;
  const page = await client.audit.history({ did, direction, from, to, order, limit, cursor });
  const { headings, rows } = messageTable(page.items);
  output.data(page, () => (rows.length === 0 ? 'Nothing was found.' : table(headings, rows)));
  if (page.nextCursor !== null) progress.warn(`there are more: --cursor ${page.nextCursor}`);
}

async function labels(context: Context, options: LabelOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  if (options.set !== undefined) await client.audit.setLabels({ labels: options.set });
  const found = await client.audit.labels({});
  const rows = found.labels.map(({ messageType, name, pointer }) => [messageType, name, pointer]);
  context.output.data(found, () =>
    rows.length === 0 ? 'No labels are declared.' : table(['messages', 'label', 'pointer'], rows),
  );
}

const dayMs = 86_400_000;

async function statistics(context: Context, options: StatisticsOptions): Promise<void> {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const { to = new Date().toISOString(), top } = options;
  const { from = new Date(Date.parse(to) - dayMs).toISOString() } = options;
  const agent = options.agent && (await findDid(options.agent, connection.agents, client));
  const found = await client.audit.statistics({ from, to, agent, top });
  context.output.data(found, () => summaryOf(found));
}

type Statistics = OperationOutput<'audit.statistics'>;

function summaryOf({ from, to, agent, ...found }: Statistics): string {
  const { messages, errorRate, delivery, byStatus, byType, byPriority } = found;
  const totals = [
    ['messages', String(messages)],
    ['error rate', errorRate === null ? '-' : `${(errorRate * 100).toFixed(2)} %`],
    ['delivered', String(delivery.timed)],
    ...(['average', 'p50', 'p90', 'p95', 'p99'] as const).map((name) => [
      `delivery ${name}`,
      duration(delivery[`${name}Ms`]),
    ]),
  ];
  const counts = [byStatus, byType, byPriority].flatMap((group) =>
    Object.entries(group).map(([name, count]) => [name.toLowerCase(), String(count)]),
  );
  const agents = (heading: string, top: Statistics['topSenders']): string =>
    table(
      [heading, 'messages'],
      top.map((one) => [one.agent, String(one.messages)]),
    );
  return [
    `${from} to ${to}${agent === null ? '' : `, ${agent}`}`,
    table(['', ''], [...totals, ...counts]).trim(),
    ...(found.topSenders.length === 0 ? [] : [agents('sender', found.topSenders)]),
    ...(found.topReceivers.length === 0 ? [] : [agents('receiver', found.topReceivers)]),
  ].join('\n\n');
}

function duration(ms: number | null): string {
  if (ms === null) return '-';
  return ms < 10_000 ? `${Math.round(ms * 10) / 10} ms` : `${Math.round(ms / 100) / 10} s`;
}
