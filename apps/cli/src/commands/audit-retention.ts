import { type RetainedPartition } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context, UserError } from '../context';
import { table, visible } from '../output';

type Keep = OperationRequest<'audit.setRetention'>['events'];
type HoldOptions = ConnectionOptions & Omit<OperationRequest<'audit.placeHold'>, 'reason'>;

/** `audit retention show|set|run`, `audit hold place|list|release` */
export function registerRetention(command: Command, context: () => Context): void {
  const retention = command.command('retention').description('how long the audit log is kept');
  addAdminOptions(retention.command('show'))
    .description('how long events and messages are kept, and what goes next')
    .action(act((options: ConnectionOptions) => show(context(), options)));
  addAdminOptions(retention.command('set'))
    .description(
      'keep events or messages that come from now on for so long; what is there already stays as it is',
    )
    .option('--events <days>', '30, 90, 365 or forever', keep)
    .option('--messages <days>', '30, 90, 365 or forever', keep)
    .option('--dry-run', 'change nothing')
    .action(act((options: ConnectionOptions & SetOptions) => set(context(), options)));
  addAdminOptions(retention.command('run'))
    .description('drop what is older than it is kept now, instead of with the next hour')
    .option('--dry-run', 'only show what goes')
    .action(act((options: ConnectionOptions & { dryRun?: boolean }) => run(context(), options)));
  const hold = command.command('hold').description('legal holds: what they cover is kept, however old');
  addAdminOptions(hold.command('place <reason>'))
    .description('keep what belongs to a subject, a conversation or a time until the hold is released')
    .option('--subject <subject>', 'an agent by its DID, or any other subject or actor')
    .option('--correlation-id <id>', 'of this conversation')
    .option('--from <time>', 'not before (RFC 3339)')
    .option('--to <time>', 'before (RFC 3339)')
    .action(act((reason: string, options: HoldOptions) => place(context(), reason, options)));
  addAdminOptions(hold.command('list'))
    .description('list legal holds, newest first')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(hold.command('release <id>'))
    .description('release a legal hold: what only it has kept goes')
    .action(
      act(async (id: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const released = await client.audit.releaseHold({ id });
        context().output.data(released, () => `${visible(id)} is released.`);
      }),
    );
}

interface SetOptions {
  readonly events?: Keep;
  readonly messages?: Keep;
  readonly dryRun?: boolean;
}

function keep(text: string): Keep {
  const value = text === 'forever' ? text : Number(text);
  if (value === 30 || value === 90 || value === 365 || value === 'forever') return value;
  throw new InvalidArgumentError('It is one of 30, 90, 365 and forever.');
}

const daysOf = (value: Keep): string => (value === 'forever' ? 'forever' : `${value} days`);

async function show(context: Context, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const found = await client.audit.retention({});
  const { events, messages, partitions } = found;
  context.output.data(found, () =>
    [
      `Events are kept ${daysOf(events.keep)}, messages ${daysOf(messages.keep)}.`,
      partitions.length === 0 ? 'Nothing goes.' : tableOf(partitions),
    ].join('\n'),
  );
}

async function set(
  context: Context,
  { events, messages, dryRun, ...options }: ConnectionOptions & SetOptions,
) {
  if (events === undefined && messages === undefined)
    throw new UserError('Say what to keep for how long: --events <days>, --messages <days>.');
  const client = await new Connection(context, options).asAdmin();
  const made = await client.audit.setRetention({ events, messages, dryRun });
  const kept = `events ${daysOf(made.events.keep)}, messages ${daysOf(made.messages.keep)}`;
  context.output.data(made, () =>
    dryRun === true ? `It would be: ${kept}.` : `What comes from now on is kept: ${kept}.`,
  );
}

async function run(context: Context, { dryRun, ...options }: ConnectionOptions & { dryRun?: boolean }) {
  const client = await new Connection(context, options).asAdmin();
  const asked = client.audit.runRetention({ dryRun });
  const found = await during(context.progress, 'looking for what is due', asked);
  const { partitions, begun } = found;
  const verb = begun ? 'goes now' : 'would go';
  context.output.data(found, () =>
    partitions.length === 0 ? `Nothing ${verb}.` : `This ${verb}:\n${tableOf(partitions)}`,
  );
}

const tableOf = (partitions: readonly RetainedPartition[]): string =>
  table(
    ['KIND', 'KEPT', 'FROM', 'TO', 'GOES FROM', 'ROWS', 'HELD', 'BYTES'],
    partitions.map(({ kind, keep: days, from, to, dropsAt, rows, heldRows, bytes }) => [
      ...[kind, daysOf(days), from.slice(0, 10), to.slice(0, 10), dropsAt.slice(0, 10)],
      ...[rows, heldRows, bytes].map(String),
    ]),
  );

async function place(context: Context, reason: string, options: HoldOptions): Promise<void> {
  const { subject, correlationId, from, to, ...connection } = options;
  const client = await new Connection(context, connection).asAdmin();
  const placed = await client.audit.placeHold({ reason, subject, correlationId, from, to });
  context.output.data(placed, () => `It is held.\n  Id  ${placed.id}`);
}

async function list(context: Context, { limit, ...options }: ConnectionOptions & { limit: number }) {
  const client = await new Connection(context, options).asAdmin();
  const found = await client.audit.holds({ limit });
  const rows = found.items.map(({ id, reason, subject, correlationId, from, to, releasedAt }) => [
    ...[id, releasedAt === null ? 'active' : 'released', subject ?? '', correlationId ?? ''],
    ...[from ?? '', to ?? '', visible(reason)],
  ]);
  context.output.data(found, () =>
    rows.length === 0
      ? 'There are no legal holds.'
      : table(['ID', 'STATUS', 'SUBJECT', 'CONVERSATION', 'FROM', 'TO', 'REASON'], rows),
  );
}
