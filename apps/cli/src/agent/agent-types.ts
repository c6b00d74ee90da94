import { type Command } from 'commander';
import { act } from '../client/act';
import { agentTypeName } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { table } from '../output';

/** `agent types list|define|remove` */
export function registerAgentTypes(command: Command, context: () => Context): void {
  const types = command.command('types').description('the types that agents can have');
  addAdminOptions(types.command('list'))
    .description('list the types: those that are built in, and your own')
    .action(act((options: ConnectionOptions) => list(context(), options)));
  addAdminOptions(types.command('define'))
    .argument('<name>', 'in capital letters', agentTypeName)
    .description('define a type of your own, or describe it anew')
    .option('--description <text>', 'what agents of it do')
    .action(
      act((name: string, options: ConnectionOptions & { description?: string }) =>
        define(context(), name, options),
      ),
    );
  addAdminOptions(types.command('remove'))
    .argument('<name>', 'in capital letters', agentTypeName)
    .description('remove a type that no agent is of')
    .action(act((name: string, options: ConnectionOptions) => remove(context(), name, options)));
}

async function list(context: Context, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const found = await client.agentTypes.list();
  context.output.data(found, () =>
    table(
      ['name', 'description'],
      found.items.map(({ name, description, isBuiltIn }) => [name, isBuiltIn ? '(built in)' : description]),
    ),
  );
}

async function define(
  context: Context,
  name: string,
  { description, ...options }: ConnectionOptions & { description?: string },
): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const defined = await client.agentTypes.define({ name, description });
  context.output.data(defined, () => `Agents can be of the type ${name}.`);
}

async function remove(context: Context, name: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const removed = await client.agentTypes.remove({ name });
  context.output.data(removed, () => `The type ${name} is removed.`);
}
