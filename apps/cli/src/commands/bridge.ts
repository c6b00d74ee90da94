import { type OperationOutput } from '@concordat/contracts';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { table, visible } from '../output';

/** `bridge put|list|delete` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('put'))
    .argument('<did>', 'the agent')
    .description('let an agent speak Redis Streams; its password is new, and shown once')
    .action(act((did: string, options: ConnectionOptions) => put(context(), did, options)));
  addAdminOptions(command.command('list'))
    .description('list the agents that may speak Redis Streams, without their passwords')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 200)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(command.command('delete'))
    .argument('<did>', 'the agent')
    .description('take its user and its streams from an agent; what waits in them is lost')
    .action(
      act(async (did: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const deleted = await client.bridges.delete({ did });
        context().output.data(deleted, () => `${visible(did)} is out of Redis.`);
      }),
    );
}

async function put(context: Context, did: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const bridge = await during(context.progress, `letting ${did} in`, client.bridges.put({ did }));
  // The whole answer is there once: without it in the hands of the caller, the password is lost.
  await context.output.written(bridge, () => shown(bridge));
}

const shown = ({ user, password, inStream, outStream, group }: OperationOutput<'bridge.put'>): string =>
  [
    ...[`user      ${visible(user)}`, `password  ${visible(password)}`, `writes    ${visible(inStream)}`],
    ...[`reads     ${visible(outStream)} as group ${visible(group)}`, 'The password is not shown again.'],
  ].join('\n');

async function list(
  context: Context,
  { limit, ...options }: ConnectionOptions & { limit: number },
): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.bridges.list({ limit });
  context.output.data(page, () =>
    table(
      ['agent', 'user', 'since'],
      page.items.map(({ did, user, createdAt }) => [did, user, createdAt]),
    ),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}
