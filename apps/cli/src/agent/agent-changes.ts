import { type AgentIdentity } from '@concordat/contracts';
import { type Concordat, type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act } from '../client/act';
import { agentTypeName, pair } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context, UserError } from '../context';
import { visible } from '../output';

type Update = OperationRequest<'agent.update'>;
type UpdateOptions = ConnectionOptions &
  Pick<Update, 'name' | 'type' | 'metadata'> & {
    readonly controller?: string | false;
    readonly relationship?: string;
  };

/** `agent update|suspend|resume|verify|erase` */
export function registerAgentChanges(command: Command, context: () => Context): void {
  const subcommand = (name: string, description: string): Command =>
    addAdminOptions(command.command(`${name} <agent>`)).description(description);

  subcommand('update', 'change what is said of an agent, by name or DID')
    .option('--name <name>', 'another name')
    .option('--type <type>', 'another type', agentTypeName)
    .option('--metadata <key=value>', 'other facts in the place of all that there are; may be repeated', pair)
    .option('--controller <agent>', 'who answers for it from now on, by name or DID')
    .option('--no-controller', 'nobody answers for it any more')
    .option('--relationship <type>', 'what the controller is to it: owner, …')
    .action(act((word: string, options: UpdateOptions) => update(context(), word, options)));

  subcommand('suspend', 'suspend an agent until it is resumed')
    .option('--reason <text>', 'why; it stands in the audit trail')
    .action(
      act((word: string, options: ConnectionOptions & { reason?: string }) =>
        change(context(), word, options, {
          ask: (client, did) => client.agents.suspend({ did, reason: options.reason }),
          said: 'is suspended: every door refuses it within a second.',
        }),
      ),
    );

  subcommand('resume', 'let a suspended agent in again').action(
    act((word: string, options: ConnectionOptions) =>
      change(context(), word, options, {
        ask: (client, did) => client.agents.resume({ did }),
        said: 'is active again.',
      }),
    ),
  );

  subcommand('verify', 'vouch for an agent')
    .requiredOption('--statement <text>', 'what was checked and how, or why it counts no more')
    .option('--withdraw', 'vouch for it no longer')
    .action(
      act((word: string, options: ConnectionOptions & { statement: string; withdraw?: true }) => {
        const { statement, withdraw } = options;
        return change(context(), word, options, {
          ask: (client, did) => client.agents.verify({ did, statement, withdraw }),
          said: withdraw ? 'is no longer verified.' : 'is verified.',
        });
      }),
    );

  subcommand('erase', 'destroy name and metadata of an agent for good, which revokes it too').action(
    act((word: string, options: ConnectionOptions) => erase(context(), word, options)),
  );
}

interface Change {
  ask(client: Concordat, did: string): Promise<AgentIdentity>;
  /** What is so then, after the name of the agent. */
  readonly said: string;
}

async function change(
  context: Context,
  word: string,
  options: ConnectionOptions,
  { ask, said }: Change,
): Promise<void> {
  const { client, did } = await open(context, word, options);
  const identity = await ask(client, did);
  context.output.data(identity, () => `${visible(identity.name ?? did)} ${said}`);
}

async function open(context: Context, word: string, options: ConnectionOptions) {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const find = (name: string): Promise<string> => findDid(name, connection.agents, client);
  return { client, find, did: await find(word) };
}

async function update(context: Context, word: string, options: UpdateOptions): Promise<void> {
  const { name, type, metadata, controller, relationship } = options;
  if ([name, type, metadata, controller, relationship].every((option) => option === undefined))
    throw new UserError('Nothing is to be changed. See: ./concordat agent update --help');
  const { client, find, did } = await open(context, word, options);
  const controllerDid =
    typeof controller === 'string' ? await find(controller) : controller === false ? null : undefined;
  const identity = await client.agents.update({
    ...{ did, name, type, metadata, controllerDid, relationshipType: relationship },
  });
  const lost = identity.verified ? '' : ' It is not verified (any more).';
  context.output.data(identity, () => `${visible(identity.name ?? did)} is changed.${lost}`);
}

async function erase(context: Context, word: string, options: ConnectionOptions): Promise<void> {
  const { client, did } = await open(context, word, options);
  const erased = await client.agents.erase({ did });
  context.output.data(erased, () =>
    [`${did} is erased, since ${erased.erasedAt}.`, 'Receipt:', visible(erased.receipt)].join('\n'),
  );
}
