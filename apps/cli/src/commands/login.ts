import { defaultTenant } from '@concordat/contracts';
import type { OperationOutput } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { passwordFromStdin, readPassword } from '../client/password';
import { type Context, UserError } from '../context';
import { table, visible } from '../output';

interface LoginOptions extends ConnectionOptions {
  readonly email?: string;
  readonly tenant?: string;
  readonly passwordStdin?: true;
}

/** `login <name>`: proves who the agent is, and lets further commands act as it. `login --email`: the same of a user. */
export function register(command: Command, context: () => Context): void {
  addAgentOptions(command.argument('[name]', 'an agent that was created here'))
    .option('--email <address>', 'a user instead, for whom commands of administrators act then')
    .option('--tenant <tenant>', `where the user is (default: ${defaultTenant})`)
    .option(...passwordFromStdin)
    .action(
      act((name: string | undefined, options: LoginOptions) => {
        if ((name === undefined) === (options.email === undefined))
          throw new UserError(
            'Say whom to log in: ./concordat login <name>, or ./concordat login --email <address>.',
          );
        if (name === undefined) return loginUser(context(), options.email!, options);
        if (options.tenant !== undefined || options.passwordStdin)
          throw new UserError('--tenant and --password-stdin are for users: an agent has its key here.');
        return loginAgent(context(), name, options);
      }),
    );
}

/** The token itself is not kept: every command gets its own, and nothing on the disk opens a door but the key. */
async function loginAgent(context: Context, name: string, options: ConnectionOptions): Promise<void> {
  const { output, progress } = context;
  if (options.as !== undefined && options.as !== name)
    throw new UserError(`Whom to log in, ${name} or ${options.as}? Leave out --as.`);
  const connection = new Connection(context, { ...options, as: name });
  const client = await connection.asAgent();
  const expiresInSeconds = await during(progress, `challenge and signature of ${name}`, client.login());
  const expiresAt = endOf(expiresInSeconds);
  const who = await client.whoami();
  await connection.agents.setCurrent(name);
  output.data({ name, ...who, expiresInSeconds, expiresAt }, () =>
    [
      `${name} has proved who it is; further commands act as ${name}.`,
      facts(['DID', who.id], who, expiresInSeconds),
    ].join('\n'),
  );
}

/** The token is kept, for the quarter of an hour that it lasts: a command cannot ask for the password each time. */
async function loginUser(context: Context, email: string, options: LoginOptions): Promise<void> {
  const { output, progress } = context;
  if (options.as !== undefined) throw new UserError('--as names an agent: leave it out with --email.');
  const connection = new Connection(context, options);
  const { tenant = defaultTenant } = options;
  const stranger = await connection.asStranger();
  const password = await readPassword(options.passwordStdin === true);
  const opened = stranger.sessions.login({ tenant, email, password });
  const { accessToken, expiresIn, sessionId } = await during(progress, `logging ${email} in`, opened);
  const who = await (await connection.withToken(accessToken)).whoami();
  const expiresAt = endOf(expiresIn);
  await connection.user.write({ ...{ email, tenant, sessionId, accessToken, expiresAt } });
  output.data({ email, ...who, sessionId, expiresInSeconds: expiresIn, expiresAt }, () =>
    [
      `${visible(email)} is logged in; commands of administrators act for this user, until ./concordat logout.`,
      facts(['user', who.id], who, expiresIn),
    ].join('\n'),
  );
}

const endOf = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toISOString();

const facts = (
  first: [string, string],
  { tenant, scopes }: OperationOutput<'auth.whoami'>,
  seconds: number,
): string =>
  table(
    ['what', 'value'],
    [
      first,
      ['tenant', tenant],
      ['may', scopes.join(', ')],
      ['a token lasts', `${seconds} s, until ${endOf(seconds)}`],
    ],
  );
