import { type OperationOutput } from '@concordat/sdk';
import { type Command } from 'commander';
import { act } from '../client/act';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { attemptTable } from '../message/attempt-table';
import { visible } from '../output';

/** `message show` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('show <id>'))
    .description('show the status of a message, its recipients and the deliveries that did not succeed')
    .action(act((id: string, options: ConnectionOptions) => show(context(), id, options)));
}

async function show(context: Context, id: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const message = await client.messages.get({ id });
  context.output.data(message, () => shown(message));
}

function shown(message: OperationOutput<'message.get'>): string {
  const { id, status, recipients, history } = message;
  const facts = [
    ['From', message.from],
    ['To', message.to],
    ['Type', message.type],
    ['Priority', message.priority],
    ['Sent', message.timestamp],
    ['Delivered', message.deliveredAt ?? 'not yet'],
    ['Attempts', String(message.attempts)],
    ['Conversation', message.correlationId ?? 'none'],
    ['Recipients', recipients === null ? 'everybody; nobody counts them' : countsOf(recipients)],
  ];
  const lines = facts.map(([name, value]) => visible(`  ${name!.padEnd(12)}  ${value}`));
  return [`${id}: ${status}`, ...lines, ...(history.length > 0 ? ['', attemptTable(history)] : [])].join(
    '\n',
  );
}

/** Those that are there: "1 open, 2 delivered". */
function countsOf(recipients: Readonly<Record<string, number>>): string {
  const counts = Object.entries(recipients).filter(([, count]) => count > 0);
  return counts.length === 0 ? 'none' : counts.map(([end, count]) => `${count} ${end}`).join(', ');
}
