import { scope } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { act, during } from '../client/act';
import { choice, duration, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { table, visible } from '../output';

type Creation = OperationRequest<'apiKey.create'>;
type Scope = Creation['scopes'][number];
type CreateOptions = ConnectionOptions & {
  readonly scope: Scope[];
  readonly expiresIn?: number;
  readonly tenant?: string;
};
type ListOptions = ConnectionOptions &
  Pick<OperationRequest<'apiKey.list'>, 'status'> & { readonly limit: number };
type RotateOptions = ConnectionOptions & { readonly overlap?: number; readonly expiresIn?: number };

const gatherScopes = (text: string, before: readonly Scope[] = []): Scope[] => {
  const found = scope.options.find((name) => name === text.toLowerCase());
  if (found === undefined) throw new InvalidArgumentError(`Allowed: ${scope.options.join(', ')}.`);
  return [...new Set([...before, found])];
};

/** `key create|list|rotate|revoke` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('create <name>'))
    .description('create an API key; it is shown once')
    .requiredOption(
      '--scope <scope>',
      `what it may do: ${scope.options.join(', ')}; may be repeated`,
      gatherScopes,
    )
    .option('--expires-in <time>', 'how long it is good, like 30d (default: for ever)', duration)
    .option('--tenant <tenant>', 'another tenant than that of the key one uses')
    .action(act((name: string, options: CreateOptions) => create(context(), name, options)));
  addAdminOptions(command.command('list'))
    .description('list API keys, without the keys themselves')
    .addOption(choice('--status <status>', 'only with this status', ['active', 'expired', 'revoked']))
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(act((options: ListOptions) => list(context(), options)));
  addAdminOptions(command.command('rotate <id>'))
    .description('replace an API key by a new one, which is shown once')
    .option('--overlap <time>', 'how long the old one stays good, like 12h (default: 1h)', duration)
    .option(
      '--expires-in <time>',
      'how long the new one is good (default: as long as the old one was made for)',
      duration,
    )
    .action(act((id: string, options: RotateOptions) => rotate(context(), id, options)));
  addAdminOptions(command.command('revoke <id>'))
    .description('revoke an API key for good')
    .action(
      act(async (id: string, options: ConnectionOptions) => {
        const client = await new Connection(context(), options).asAdmin();
        const key = await client.apiKeys.revoke({ id });
        context().output.data(
          key,
          () => `${visible(key.name)} is revoked: every door refuses it within a second.`,
        );
      }),
    );
}

async function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const { scope: scopes, expiresIn: expiresInSeconds, tenant } = options;
  const made = client.apiKeys.create({ name, scopes, expiresInSeconds, tenant });
  const key = await during(context.progress, `creating ${name}`, made);
  // The whole answer is there once: without it in the hands of the caller, the key is lost.
  await context.output.written(key, () => shown(key));
}

async function list(context: Context, { status, limit, ...options }: ListOptions): Promise<void> {
  const { output, progress } = context;
  const client = await new Connection(context, options).asAdmin();
  const page = await during(progress, 'listing API keys', client.apiKeys.list({ status, limit }));
  output.data(page, () =>
    table(
      ['name', 'id', 'scopes', 'status', 'expires', 'last used', 'replaced by'],
      page.items.map((key) => [
        ...[key.name, key.id, key.scopes.join(', '), key.status],
        ...[key.expiresAt ?? 'never', key.lastUsedAt ?? 'never', key.rotatedTo ?? '–'],
      ]),
    ),
  );
  if (page.nextCursor !== null) progress.warn('there are more: raise --limit, or say which with --status');
}

async function rotate(context: Context, id: string, options: RotateOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const { overlap: overlapSeconds, expiresIn: expiresInSeconds } = options;
  const rotated = client.apiKeys.rotate({ id, overlapSeconds, expiresInSeconds });
  const key = await during(context.progress, `rotating ${id}`, rotated);
  const old = await client.apiKeys.get({ id });
  await context.output.written(key, () => `${shown(key)}\nThe old key ${id} ends at ${old.expiresAt}.`);
}

interface ShownKey {
  readonly name: string;
  readonly id: string;
  readonly key: string;
  readonly expiresAt: string | null;
}

const shown = ({ name, id, key, expiresAt }: ShownKey): string =>
  [
    `The API key "${visible(name)}" (${id}), shown this once; it expires ${expiresAt ?? 'never'}:`,
    '',
    `  ${visible(key)}`,
    '',
  ].join('\n');
