import { type Delegation } from '@concordat/contracts';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context } from '../context';
import { table } from '../output';

type CreateOptions = ConnectionOptions & {
  readonly scope: Delegation['scopes'];
  readonly operation?: string[];
  readonly expires: number;
};

/** `delegation create|list|show|revoke` */
export function register(command: Command, context: () => Context): void {
  addAgentOptions(command.command('create <receiver>'))
    .description('hand a part of the own right to another agent, by name or DID')
    .requiredOption('--scope <scope>', 'read, write or workflows; may be repeated', several)
    .option(
      '--operation <name>',
      'only this operation, or memory.* for all of a noun; may be repeated',
      several,
    )
    .option('--expires <seconds>', 'for so long', wholeNumber(1, 2_592_000), 3_600)
    .action(act((word: string, options: CreateOptions) => create(context(), word, options)));
  addAdminOptions(command.command('list'))
    .description('list delegations: of the agent with --as, or all')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(command.command('show <id>'))
    .description('show one delegation')
    .action(act((id: string, options: ConnectionOptions) => show(context(), id, options)));
  addAdminOptions(command.command('revoke <id>'))
    .description('take a delegation back, and all that were made of it')
    .action(act((id: string, options: ConnectionOptions) => revoke(context(), id, options)));
}

const several = (value: string, before: readonly string[] = []): string[] => [...before, value];

async function create(context: Context, word: string, options: CreateOptions): Promise<void> {
  const connection = new Connection(context, options);
  const client = await connection.asAgent();
  const to = await findDid(word, connection.agents, client);
  const { scope: scopes, operation: operations, expires: expiresInSeconds } = options;
  const made = await during(
    context.progress,
    `delegating to ${word}`,
    client.delegations.create({ to, scopes, operations, expiresInSeconds }),
  );
  context.output.data(made, () => `${word} may act with it until ${made.expiresAt}.\n  Id  ${made.id}`);
}

async function list(context: Context, options: ConnectionOptions & { limit: number }): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.delegations.list({ limit: options.limit });
  const rows = page.items.map(({ id, status, from, to, scopes, operations, expiresAt }) => [
    ...[id, status, from, to, scopes.join(' '), operations?.join(' ') ?? '(all)', expiresAt],
  ]);
  context.output.data(page, () =>
    table(['id', 'status', 'from', 'to', 'scopes', 'operations', 'until'], rows),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}

async function show(context: Context, id: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const found = await client.delegations.get({ id });
  const rows = Object.entries(found).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  context.output.data(found, () => table(['field', 'value'], rows));
}

async function revoke(context: Context, id: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const ended = await client.delegations.revoke({ id });
  context.output.data(ended, () => `${id} is revoked, and with it all that were made of it.`);
}
