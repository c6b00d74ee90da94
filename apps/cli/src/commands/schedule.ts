import { limits, messagePriority, messageType } from '@concordat/contracts';
import { type OperationOutput, type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { addSecretArgument, choice, jsonOrText, wholeNumber } from '../client/arguments';
import { addAdminOptions, addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context } from '../context';
import { jsonText, table, visible } from '../output';

type Message = OperationRequest<'message.send'>;
type CreateOptions = ConnectionOptions &
  Omit<OperationRequest<'schedule.create'>, 'message'> &
  Pick<Message, 'type' | 'priority' | 'ttlSeconds'>;

/** `schedule create|list|show|resume|delete` */
export function register(command: Command, context: () => Context): void {
  const create = addAgentOptions(command.command('create')).argument('<to>', 'name or DID of the recipient');
  addSecretArgument(create, 'payload', 'JSON, plain text, or @file with JSON', jsonOrText)
    .description('send a message at a time to come, or again and again')
    .option('--at <time>', 'once, at this time: 2026-12-24T18:00:00Z')
    .option('--cron <fields>', 'minute, hour, day of month, month, day of week: "0 8 * * MON-FRI"')
    .option('--timezone <name>', 'in which --cron is meant: Europe/Berlin (default: UTC)')
    .option(
      '--every-seconds <n>',
      'again and again',
      wholeNumber(limits.scheduleEverySeconds, limits.scheduleAheadSeconds),
    )
    .option('--until <time>', 'not after this time')
    .option('--name <name>', 'what to call it')
    .addOption(choice('--type <type>', 'what the message is', messageType.options).default('NOTIFICATION'))
    .addOption(choice('--priority <priority>', 'how urgent', messagePriority.options).default('NORMAL'))
    .option(
      '--ttl-seconds <n>',
      'each message expires after so long',
      wholeNumber(1, limits.messageTtlSeconds),
    )
    .action(
      act((to: string, payload: Message['payload'], options: CreateOptions) =>
        createSchedule(context(), to, payload, options),
      ),
    );
  addAdminOptions(command.command('list'))
    .description('list schedules: of the agent with --as, or all')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(command.command('show <id>'))
    .description('show one schedule and its message')
    .action(
      act(async (id: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const found = await client.schedules.get({ id });
        context().output.data(found, () => jsonText(found));
      }),
    );
  addAdminOptions(command.command('resume <id>'))
    .description('let a schedule that was paused fire again')
    .action(
      act(async (id: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const resumed = await client.schedules.resume({ id });
        context().output.data(resumed, () => `${visible(id)} is sent next at ${resumed.nextAt}.`);
      }),
    );
  addAdminOptions(command.command('delete <id>'))
    .description('delete a schedule: it does not fire any more')
    .action(
      act(async (id: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const deleted = await client.schedules.delete({ id });
        context().output.data(deleted, () => `${visible(id)} is deleted.`);
      }),
    );
}

async function createSchedule(
  context: Context,
  word: string,
  payload: Message['payload'],
  { type, priority, ttlSeconds, ...options }: CreateOptions,
): Promise<void> {
  const { at, cron, timezone, everySeconds, until, name } = options;
  const connection = new Connection(context, options);
  const client = await connection.asAgent();
  const to = await findDid(word, connection.agents, client);
  const message = { to, type, payload, priority, ttlSeconds };
  const asked = client.schedules.create({ message, at, cron, timezone, everySeconds, until, name });
  const made = await during(context.progress, `scheduling for ${word}`, asked);
  context.output.data(made, () => `It is sent to ${word} next at ${made.nextAt}.\n  Id  ${made.id}`);
}

async function list(context: Context, options: ConnectionOptions & { limit: number }): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.schedules.list({ limit: options.limit });
  context.output.data(page, () =>
    table(
      ['id', 'name', 'status', 'owner', 'to', 'when', 'next'],
      page.items.map((item) => [
        ...[item.id, item.name ?? '', item.status, item.owner, item.to, whenOf(item), item.nextAt ?? ''],
      ]),
    ),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}

const whenOf = ({
  at,
  cron,
  timezone,
  everySeconds,
}: OperationOutput<'schedule.list'>['items'][number]): string =>
  at ?? (cron === null ? `every ${everySeconds} s` : [cron, timezone ?? 'UTC'].join(' '));
