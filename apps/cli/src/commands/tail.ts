import { setTimeout as delay } from 'node:timers/promises';
import { type Concordat, type ReceivedMessage } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, explained } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context, UserError } from '../context';
import { type AuditMessage, followMessages } from '../message/follow-messages';
import { visible } from '../output';

interface TailOptions extends ConnectionOptions {
  readonly ack?: boolean;
  readonly agent?: string;
  readonly correlation?: string;
  readonly last: number;
  readonly count?: number;
}

const lookEveryMs = 1_000;

/** `tail`: messages as they come, until Ctrl-C. */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command)
    .option('--agent <agent>', 'only messages from or to this agent, by name or DID')
    .option('--correlation <id>', 'only messages of this conversation')
    .option('--last <n>', 'begin with so many that are there already', wholeNumber(0, 500), 10)
    .option('--count <n>', 'end after so many', wholeNumber(1, 1_000_000_000))
    .option('--ack', 'take the messages from the inbox of the agent, each acknowledged when it is shown')
    .addHelpText(
      'after',
      '\nWithout --ack it shows what the audit trail hears of, and takes nothing from anybody: all messages of the tenant, or\nwith --as <name> those of the agent.',
    )
    .action(act((options: TailOptions) => (options.ack === true ? take : watch)(context(), options)));
}

async function watch(context: Context, options: TailOptions): Promise<void> {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const agent = options.agent && (await findDid(options.agent, connection.agents, client));
  const filter = { agent, correlationId: options.correlation };
  let left = options.count ?? Infinity;
  for await (const message of followMessages(client, filter, options.last, () => delay(lookEveryMs))) {
    await context.output.line(message, () => lineOf(message, message.status));
    if (--left === 0) return;
  }
}

/** Consumes the inbox: a message that could not be written is not acknowledged. */
async function take(context: Context, options: TailOptions): Promise<void> {
  if (options.agent !== undefined || options.correlation !== undefined)
    throw new UserError(
      'With --ack all messages of the inbox are taken: leave out --agent and --correlation.',
    );
  const client = await new Connection(context, options).asAgent();
  const error = await takeAll(context, client, options.count ?? Infinity);
  if (error !== undefined) throw explained(error);
}

async function takeAll({ output, progress }: Context, client: Concordat, count: number): Promise<unknown> {
  let left = count;
  let failure: unknown;
  const subscription = client.inbox.subscribe(
    async ({ reply: _reply, nack: _nack, ...message }) => {
      await output.line(message, () => lineOf(message, `attempt ${message.attempt}`));
      if (--left === 0) await subscription.stop();
    },
    {
      onError: (error, message) => {
        if (message === undefined) return progress.warn(visible((error as Error).message));
        failure = new UserError(
          `A message could not be written (${(error as Error).message}); it comes again.`,
        );
        void subscription.stop();
      },
    },
  );
  const stop = (): void => void subscription.stop();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const end = await subscription.closed;
  process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  return failure ?? end;
}

type Shown = Pick<
  AuditMessage | ReceivedMessage,
  'timestamp' | 'from' | 'to' | 'type' | 'priority' | 'payload'
>;

const lineOf = ({ timestamp, from, to, type, priority, payload }: Shown, status: string): string =>
  visible(`${timestamp}  ${from} → ${to}  ${type} ${priority}  ${status}  ${JSON.stringify(payload)}`);
