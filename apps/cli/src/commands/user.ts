import { role, type UserView } from '@concordat/contracts';
import { type Concordat, type OperationRequest } from '@concordat/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { act, during } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { passwordFromStdin, readNewPassword } from '../client/password';
import { type Context, UserError } from '../context';
import { table, visible } from '../output';

type Creation = OperationRequest<'user.create'>;
type Role = Creation['roles'][number];
type PasswordOptions = { readonly passwordStdin?: boolean };
type CreateOptions = ConnectionOptions &
  PasswordOptions & {
    readonly email: string;
    readonly name?: string;
    readonly role: Role[];
    readonly password: boolean;
  };
type ListOptions = ConnectionOptions &
  Pick<OperationRequest<'user.list'>, 'email' | 'role' | 'status'> & { limit: number };
type UpdateOptions = ConnectionOptions & {
  readonly email?: string;
  readonly name?: string;
  readonly role?: Role[];
};

const gatherRoles = (text: string, before: readonly Role[] = []): Role[] => {
  const found = role.options.find((name) => name === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`Allowed: ${role.options.join(', ')}.`);
  return [...before, found];
};
const roleHelp = `${role.options.join(', ')}; may be repeated`;

/** `user create|list|show|update|disable|enable|erase|password` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('create'))
    .description('create a user; asks for the password')
    .requiredOption('--email <address>', 'the address to log in with')
    .option('--name <name>', 'how the user is called (default: the address)')
    .requiredOption('--role <role>', `what the user may do: ${roleHelp}`, gatherRoles)
    .option(...passwordFromStdin)
    .option('--no-password', 'set none: the user cannot log in until there is one')
    .action(act((options: CreateOptions) => create(context(), options)));
  addAdminOptions(command.command('list'))
    .description('list users')
    .option('--email <address>', 'only the one with this address')
    .addOption(choice('--role <role>', 'only with this role', role.options))
    .addOption(choice('--status <status>', 'only with this status', ['active', 'disabled', 'erased']))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(act((options: ListOptions) => list(context(), options)));
  addAdminOptions(command.command('show <user>'))
    .description('show one user, by address or id')
    .action(
      act(async (word: string, options: ConnectionOptions) => {
        const [, user] = await find(context(), word, options);
        context().output.data(user, () => described(user));
      }),
    );
  addAdminOptions(command.command('update <user>'))
    .description('change address, name or roles of a user')
    .option('--email <address>', 'the new address')
    .option('--name <name>', 'the new name')
    .option('--role <role>', `all roles from now on: ${roleHelp}`, gatherRoles)
    .action(act((word: string, options: UpdateOptions) => update(context(), word, options)));
  for (const [name, status, description] of [
    ['disable', 'disabled', 'keep a user out, and end all sessions'],
    ['enable', 'active', 'let a user in again, also one who is locked after wrong passwords'],
  ] as const)
    addAdminOptions(command.command(`${name} <user>`))
      .description(description)
      .action(
        act(async (word: string, options: ConnectionOptions) => {
          const [client, { id }] = await find(context(), word, options);
          const user = await client.users.update({ id, status });
          context().output.data(user, () => `${labelOf(user)} is ${status}.`);
        }),
      );
  addAdminOptions(command.command('password <user>'))
    .description('set another password, which ends all sessions')
    .option(...passwordFromStdin)
    .action(
      act((word: string, options: ConnectionOptions & PasswordOptions) =>
        setPassword(context(), word, options),
      ),
    );
  addAdminOptions(command.command('erase <user>'))
    .description('erase address, name and password of a user for good')
    .requiredOption('--yes', 'it cannot be undone')
    .action(act((word: string, options: ConnectionOptions) => erase(context(), word, options)));
}

async function create(context: Context, options: CreateOptions): Promise<void> {
  const { email, name = email, role: roles } = options;
  const client = await new Connection(context, options).asAdmin();
  const password = options.password ? await readNewPassword(options.passwordStdin === true) : undefined;
  const made = client.users.create({ email, name, roles, ...(password !== undefined && { password }) });
  const user = await during(context.progress, `creating ${email}`, made);
  context.output.data(user, () => `${labelOf(user)} is created.\n${described(user)}`);
}

async function list(
  context: Context,
  { email, role: one, status, limit, ...options }: ListOptions,
): Promise<void> {
  const { output, progress } = context;
  const client = await new Connection(context, options).asAdmin();
  const listed = client.users.list({ email, role: one, status, limit });
  const page = await during(progress, 'listing users', listed);
  output.data(page, () =>
    table(
      ['address', 'name', 'roles', 'status', 'id'],
      page.items.map((user) => [
        user.email ?? '(erased)',
        user.name ?? '(erased)',
        user.roles.join(', '),
        user.lockedUntil === null ? user.status : `locked until ${user.lockedUntil}`,
        user.id,
      ]),
    ),
  );
  if (page.nextCursor !== null)
    progress.warn('there are more: raise --limit, or say which with --email, --role, --status');
}

async function update(context: Context, word: string, options: UpdateOptions): Promise<void> {
  const { email, name, role: roles } = options;
  if (email === undefined && name === undefined && roles === undefined)
    throw new UserError('Say what to change: --email, --name, --role.');
  const [client, { id }] = await find(context, word, options);
  const user = await client.users.update({ id, email, name, roles });
  context.output.data(user, () => described(user));
}

async function setPassword(
  context: Context,
  word: string,
  { passwordStdin, ...options }: ConnectionOptions & PasswordOptions,
): Promise<void> {
  const [client, { id }] = await find(context, word, options);
  const password = await readNewPassword(passwordStdin === true);
  const user = await during(
    context.progress,
    'setting the password',
    client.users.setPassword({ id, password }),
  );
  context.output.data(user, () => `${labelOf(user)} has another password; all sessions have ended.`);
}

async function erase(context: Context, word: string, options: ConnectionOptions): Promise<void> {
  const [client, { id }] = await find(context, word, options);
  const receipt = await client.users.erase({ id });
  context.output.data(
    receipt,
    () => `${visible(word)} is erased. The id ${id} stays as a fact without content.`,
  );
}

/** @param word address or id @throws UserError */
async function find(
  context: Context,
  word: string,
  options: ConnectionOptions,
): Promise<[Concordat, UserView]> {
  const client = await new Connection(context, options).asAdmin();
  if (!word.includes('@')) return [client, await client.users.get({ id: word })];
  const [user] = (await client.users.list({ email: word })).items;
  if (!user)
    throw new UserError(`Nobody has the address ${visible(word)}. List users with: ./concordat user list`);
  return [client, user];
}

const labelOf = ({ email, id }: UserView): string => visible(email ?? id);

const described = (user: UserView): string =>
  table(
    ['field', 'value'],
    Object.entries(user).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
