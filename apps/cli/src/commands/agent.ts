import { agentStatus, type AgentIdentity, builtInAgentTypes } from '@concordat/contracts';
import { type Concordat, isConcordatProblem, newAgentKey, type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { registerAgentChanges } from '../agent/agent-changes';
import { registerAgentTypes } from '../agent/agent-types';
import { registerRotateKey } from '../agent/rotate-key';
import { type LocalAgent } from '../client/agent-files';
import { agentTypeName, choice, pair, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context, UserError } from '../context';
import { table, visible } from '../output';

type Registration = OperationRequest<'agent.register'>;
type CreateOptions = ConnectionOptions &
  Pick<Registration, 'type' | 'metadata'> & { readonly controller?: string; readonly managed?: true };
type ListOptions = ConnectionOptions & {
  readonly name?: string;
  readonly type?: Registration['type'];
  readonly status?: AgentIdentity['status'];
  readonly controller?: string;
  readonly limit: number;
};

/** `agent create|list|show|revoke`, and those that change an agent */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(command.command('create <name>'))
    .description('make a key, register the agent, and keep the key in the data folder')
    .requiredOption('--type <type>', types, agentTypeName)
    .option('--metadata <key=value>', 'a fact about the agent; may be repeated', pair)
    .option('--controller <agent>', 'who answers for it, by name or DID')
    .option('--managed', 'a did:web identity, which outlives its keys (see rotate-key)')
    .action(act((name: string, options: CreateOptions) => create(context(), name, options)));
  addAdminOptions(command.command('list'))
    .description('list agents')
    .option('--name <prefix>', 'only names that begin so')
    .option('--type <type>', 'only this type', agentTypeName)
    .addOption(choice('--status <status>', 'only with this status', agentStatus.options))
    .option('--controller <agent>', 'only those that it controls, by name or DID')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 50)
    .action(act((options: ListOptions) => list(context(), options)));
  addAdminOptions(command.command('show <agent>'))
    .description('show one agent, by name or DID')
    .action(act((word: string, options: ConnectionOptions) => show(context(), word, options)));
  addAdminOptions(command.command('revoke <agent>'))
    .description('revoke an agent for good, by name or DID')
    .option('--reason <text>', 'why; it stands in the audit trail')
    .action(
      act((word: string, options: ConnectionOptions & { reason?: string }) =>
        revoke(context(), word, options),
      ),
    );
  registerAgentChanges(command, context);
  registerRotateKey(command, context);
  registerAgentTypes(command, context);
}

const types = `what kind of agent: ${builtInAgentTypes.join(', ')}, or a type of your own (see agent types)`;

async function create(context: Context, name: string, options: CreateOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const { agents } = connection;
  await agents.requireFree(name);
  const client = await connection.asAdmin();
  const { tenant } = await client.whoami();
  const agent = await agents.begin({ name, tenant, ...newKey() });
  if (agent.tenant !== tenant)
    throw new UserError(
      `The registration of "${name}" was begun in the tenant ${agent.tenant}, not in ${tenant}. Go on with a credential of that tenant, or choose another name.`,
    );
  const { controller, managed, ...facts } = options;
  const controllerDid = controller === undefined ? undefined : await findDid(controller, agents, client);
  const asked = { ...facts, controllerDid, didMethod: managed ? ('web' as const) : undefined };
  const identity = await during(progress, `registering ${name}`, registered(client, agent, asked));
  const { did } = identity;
  await agents.finish({ ...agent, did });
  const keyFile = agents.file(name);
  output.data({ ...identity, keyFile }, () =>
    [`${name} is registered.`, `  DID  ${did}`, `  Key  ${keyFile}`, `Next: ./concordat login ${name}`].join(
      '\n',
    ),
  );
}

function newKey(): Pick<LocalAgent, 'did' | 'secretKey'> {
  const { did, secretKey } = newAgentKey();
  return { did, secretKey };
}

/**
 * When an earlier answer was lost, the agent is there already: under this very key, so it is this one. Refused, the key
 * stays in its file: the same command goes on with it.
 */
async function registered(
  client: Concordat,
  { name, did }: LocalAgent,
  { type, metadata, controllerDid, didMethod }: Omit<Registration, 'name' | 'publicKey'>,
): Promise<AgentIdentity> {
  const publicKey = did.slice('did:key:'.length);
  // The DID of a managed identity does not follow from the key: the same command finds it by the name of the request.
  const idempotencyKey = didMethod === 'web' ? `create-${publicKey}` : undefined;
  const input = { name, type, publicKey, metadata, controllerDid, didMethod };
  try {
    return await client.agents.register(input, { idempotencyKey });
  } catch (error) {
    if (isConcordatProblem(error, 'AGENT_ALREADY_REGISTERED')) return client.agents.get({ did });
    throw error;
  }
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const { name, type, status, limit, controller } = options;
  const controllerDid =
    controller === undefined ? undefined : await findDid(controller, connection.agents, client);
  const asked = client.agents.list({ name, type, status, controllerDid, limit });
  const page = await during(progress, 'listing agents', asked);
  output.data(page, () =>
    table(
      ['name', 'type', 'status', 'DID', 'last seen'],
      page.items.map((agent) => [
        agent.name ?? '(erased)',
        agent.type,
        agent.status,
        agent.did,
        agent.lastSeen ?? 'never',
      ]),
    ),
  );
  if (page.nextCursor !== null)
    progress.warn('there are more: raise --limit, or say which with --name, --type, --status, --controller');
}

async function show(context: Context, word: string, options: ConnectionOptions): Promise<void> {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const identity = await client.agents.get({ did: await findDid(word, connection.agents, client) });
  context.output.data(identity, () => described(identity));
}

const described = (agent: AgentIdentity): string =>
  table(
    ['field', 'value'],
    Object.entries(agent).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );

async function revoke(
  context: Context,
  word: string,
  { reason, ...options }: ConnectionOptions & { reason?: string },
): Promise<void> {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const did = await findDid(word, connection.agents, client);
  const identity = await client.agents.revoke({ did, reason });
  context.output.data(
    identity,
    () => `${visible(identity.name ?? did)} is revoked: every door refuses it within a second.`,
  );
}
