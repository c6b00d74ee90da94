import { type Command } from 'commander';
import { act, during } from '../client/act';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context, UserError } from '../context';
import { table } from '../output';

/** `login <name>`: proves who the agent is, and lets further commands act as it. */
export function register(command: Command, context: () => Context): void {
  addAgentOptions(command.argument('<name>', 'an agent that was created here')).action(
    act((name: string, options: ConnectionOptions) => login(context(), name, options)),
  );
}

/** The token itself is not kept: every command gets its own, and nothing on the disk opens a door but the key. */
async function login(context: Context, name: string, options: ConnectionOptions): Promise<void> {
  const { output, progress } = context;
  if (options.as !== undefined && options.as !== name)
    throw new UserError(`Whom to log in, ${name} or ${options.as}? Leave out --as.`);
  const connection = new Connection(context, { ...options, as: name });
  const client = await connection.asAgent();
  const expiresInSeconds = await during(progress, `challenge and signature of ${name}`, client.login());
  const expiresAt = new Date(Date.now() + expiresInSeconds * 1_000).toISOString();
  const who = await client.whoami();
  await connection.agents.setCurrent(name);
  output.data({ name, ...who, expiresInSeconds, expiresAt }, () =>
    [
      `${name} has proved who it is; further commands act as ${name}.`,
      table(
        ['what', 'value'],
        [
          ['DID', who.id],
          ['tenant', who.tenant],
          ['may', who.scopes.join(', ')],
          ['a token lasts', `${expiresInSeconds} s, until ${expiresAt}`],
        ],
      ),
    ].join('\n'),
  );
}
