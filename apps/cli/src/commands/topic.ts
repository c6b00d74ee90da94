import { type Command } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { addFetchOptions, type FetchOptions, showDeliveries } from '../message/show-deliveries';
import { table, visible } from '../output';

type CreateOptions = ConnectionOptions & { readonly description?: string };
type ListOptions = ConnectionOptions & { readonly limit: number };

/** `topic create|list|show|delete|subscribe|unsubscribe|groups|fetch` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('create <name>'))
    .description('create a topic; created again, it keeps its messages')
    .option('--description <text>', 'what it is for')
    .action(act((name: string, options: CreateOptions) => create(context(), name, options)));
  addAdminOptions(command.command('list'))
    .description('list topics by name')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 200)
    .action(act((options: ListOptions) => list(context(), options)));
  addAdminOptions(command.command('show <name>'))
    .description('show a topic')
    .action(act((name: string, options: ConnectionOptions) => show(context(), name, options)));
  addAdminOptions(command.command('delete <name>'))
    .description('delete a topic with its groups; messages that wait in them are purged')
    .action(act((name: string, options: ConnectionOptions) => remove(context(), name, options)));
  addAdminOptions(command.command('subscribe <name> <group>'))
    .description(
      'let a group have a copy of every message of the topic from now on; its consumers share them',
    )
    .action(
      act((name: string, group: string, options: ConnectionOptions) =>
        subscribe(context(), { name, group }, options),
      ),
    );
  addAdminOptions(command.command('unsubscribe <name> <group>'))
    .description('remove a group; messages that wait in it are purged')
    .action(
      act((name: string, group: string, options: ConnectionOptions) =>
        unsubscribe(context(), { name, group }, options),
      ),
    );
  addAdminOptions(command.command('groups <name>'))
    .description('list the groups of a topic')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 200)
    .action(act((name: string, options: ListOptions) => groups(context(), name, options)));
  addFetchOptions(command.command('fetch <name> <group>'))
    .description('receive messages of a group, as an agent; ./concordat inbox ack settles them')
    .action(
      act((name: string, group: string, options: FetchOptions) => fetch(context(), { name, group }, options)),
    );
}

interface Group {
  readonly name: string;
  readonly group: string;
}

async function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  const { description, ...connection } = options;
  const client = await new Connection(context, connection).asAdmin();
  const topic = await during(
    context.progress,
    `creating ${name}`,
    client.topics.create({ name, description }),
  );
  context.output.data(
    topic,
    () => `The topic ${visible(topic.name)} is there: send to topic:${visible(topic.name)}.`,
  );
}

async function list(context: Context, { limit, ...options }: ListOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.topics.list({ limit });
  const rows = page.items.map((topic) => [topic.name, topic.description ?? '', topic.createdAt]);
  context.output.data(page, () =>
    rows.length === 0 ? 'There are no topics.' : table(['name', 'description', 'created'], rows),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}

async function show(context: Context, name: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const topic = await client.topics.get({ name });
  context.output.data(topic, () =>
    table(['name', 'description', 'created'], [[topic.name, topic.description ?? '', topic.createdAt]]),
  );
}

async function remove(context: Context, name: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const gone = await during(context.progress, `deleting ${name}`, client.topics.delete({ name }));
  context.output.data(
    gone,
    () => `The topic ${visible(name)} is deleted; ${gone.purged} messages were purged.`,
  );
}

async function subscribe(context: Context, group: Group, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const made = await during(context.progress, `subscribing ${group.group}`, client.subscriptions.put(group));
  context.output.data(made, () =>
    visible(`The group ${made.group} gets every message of ${made.topic} from now on.`),
  );
}

async function unsubscribe(context: Context, group: Group, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const gone = await during(context.progress, `removing ${group.group}`, client.subscriptions.delete(group));
  context.output.data(gone, () =>
    visible(`The group ${gone.group} of ${gone.topic} is removed; ${gone.purged} messages were purged.`),
  );
}

async function groups(context: Context, name: string, { limit, ...options }: ListOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.subscriptions.list({ name, limit });
  const rows = page.items.map(({ group, createdAt }) => [group, createdAt]);
  context.output.data(page, () =>
    rows.length === 0 ? 'The topic has no groups.' : table(['group', 'created'], rows),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}

async function fetch(context: Context, group: Group, options: FetchOptions): Promise<void> {
  const client = await new Connection(context, options).asAgent();
  const { count, waitSeconds, leaseSeconds } = options;
  const fetched = client.subscriptions.fetch({ ...group, count, waitSeconds, leaseSeconds });
  await showDeliveries(context, client, fetched, { ...options, whenEmpty: 'Nothing waits in the group.' });
}
