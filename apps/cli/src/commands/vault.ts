import { consentScope } from '@concordat/contracts';
import { type Concordat, type OperationOutput } from '@concordat/sdk';
import { type Command } from 'commander';
import { act } from '../client/act';
import { addSecretArgument, choice, json, wholeNumber } from '../client/arguments';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context } from '../context';
import { addMaintenanceCommands } from '../maintenance/maintenance-commands';
import { jsonText, visible } from '../output';

type Scope = OperationOutput<'consent.grant'>['scopes'][number];

interface VaultOptions extends ConnectionOptions {
  readonly persona?: string;
}
type PutOptions = VaultOptions & { readonly ifMatch?: number };
type GrantOptions = ConnectionOptions & { readonly scope: Scope; readonly expiresInSeconds?: number };
type Vault = ReturnType<Concordat['vault']>;
type Content = Parameters<Vault['put']>[0]['content'];

const addPersona = (command: Command): Command =>
  addAgentOptions(command).option(
    '--persona <who>',
    'name or DID of an agent, or communal (default: the agent itself)',
  );

/** `vault put|get|grant|withdraw`, and `vault verify|backup|restore|recover|rebuild` */
export function register(command: Command, context: () => Context): void {
  addMaintenanceCommands(command, 'vault', context);
  const write = addPersona(command.command('put')).description('write a memory').argument('<key>');
  addSecretArgument(write, '<content>', 'JSON, or @file with JSON', json)
    .option(
      '--if-match <version>',
      'only when this is its version; 0: only when it is new',
      wholeNumber(0, 9_999_999_999),
    )
    .action(
      act((key: string, content: unknown, options: PutOptions) => put(context(), { key, content }, options)),
    );
  addPersona(command.command('get <key>'))
    .description('read a memory')
    .action(act((key: string, options: VaultOptions) => get(context(), key, options)));
  addAgentOptions(command.command('grant <grantee>'))
    .description('let another agent at the memories of this one')
    .addOption(
      choice('--scope <scope>', 'what it may do; write includes read', consentScope.options).default('read'),
    )
    .option('--expires-in-seconds <n>', 'the consent ends after so long', wholeNumber(1, 31_536_000))
    .action(act((grantee: string, options: GrantOptions) => grant(context(), grantee, options)));
  addAgentOptions(command.command('withdraw <grantee>'))
    .description('withdraw that consent')
    .action(act((grantee: string, options: ConnectionOptions) => withdraw(context(), grantee, options)));
}

/** The vault of the persona that is meant. */
async function open(
  context: Context,
  options: VaultOptions,
): Promise<{ vault: Vault; find: (word: string) => Promise<string> }> {
  const connection = new Connection(context, options);
  const client = await connection.asAgent();
  const find = (word: string): Promise<string> => findDid(word, connection.agents, client);
  const { persona } = options;
  const whose = persona === undefined || persona === 'communal' ? persona : await find(persona);
  return { vault: client.vault(whose), find };
}

async function put(
  context: Context,
  { key, content }: { readonly key: string; readonly content: unknown },
  options: PutOptions,
): Promise<void> {
  const { vault } = await open(context, options);
  const ifMatch = options.ifMatch?.toString();
  const written = await vault.put({ key, content: content as Content, ifMatch });
  context.output.data(written, () => `${key} is written, encrypted, as version ${written.version}.`);
}

async function get(context: Context, key: string, options: VaultOptions): Promise<void> {
  const { vault } = await open(context, options);
  const memory = await vault.get({ key });
  context.output.data(memory, () => jsonText(memory.content));
  context.progress.done(
    `version ${memory.version}, written ${memory.updatedAt} by ${visible(memory.author)}; this read is in the audit trail`,
  );
}

async function grant(context: Context, word: string, options: GrantOptions): Promise<void> {
  const { vault, find } = await open(context, options);
  const { scope, expiresInSeconds } = options;
  const consent = await vault.grant({
    grantee: await find(word),
    scopes: scope === 'write' ? ['read', 'write'] : ['read'],
    expiresInSeconds,
  });
  const until = consent.expiresAt === null ? 'until it is withdrawn' : `until ${consent.expiresAt}`;
  context.output.data(
    consent,
    () => `${word} may ${consent.scopes.join(' and ')} the memories of this agent, ${until}.`,
  );
}

async function withdraw(context: Context, word: string, options: ConnectionOptions): Promise<void> {
  const { vault, find } = await open(context, options);
  const withdrawn = await vault.withdraw({ grantee: await find(word) });
  context.output.data(withdrawn, () => `The consent for ${word} is withdrawn: its next request is refused.`);
}
