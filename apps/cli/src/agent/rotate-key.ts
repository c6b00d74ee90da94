import { ed25519PublicKey, fromBase64url, keyId } from '@concordat/crypto';
import { type Concordat, proveNewKey } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { type AgentFiles, type LocalAgent } from '../client/agent-files';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context, UserError } from '../context';

/** `agent rotate-key` */
export function registerRotateKey(command: Command, context: () => Context): void {
  addAdminOptions(command.command('rotate-key <name>'))
    .description('give a managed agent whose key is here another key')
    .action(act((name: string, options: ConnectionOptions) => rotateKey(context(), name, options)));
}

async function rotateKey(context: Context, name: string, options: ConnectionOptions): Promise<void> {
  const { output, progress } = context;
  const connection = new Connection(context, options);
  const { agents } = connection;
  const agent = await agents.require(name);
  if (agent.did.startsWith('did:key:'))
    throw new UserError(
      `The key of ${name} is its identity (did:key) and cannot be replaced. Create a managed agent: ./concordat agent create <name> --type … --managed`,
    );
  const client = await connection.asAdmin();
  const keyId = await during(progress, `giving ${name} another key`, rotated(client, agent, agents));
  const keyFile = agents.file(name);
  output.data({ did: agent.did, authKeyId: keyId, keyFile }, () =>
    [`${name} has another key.`, `  DID  ${agent.did}`, `  Key  ${keyFile}`].join('\n'),
  );
}

/**
 * The new key is on disk before it is asked for, and the old one until the new one counts: whatever is cut off, the same
 * command goes on, and no key is lost.
 * @returns the id of the new key
 */
async function rotated(client: Concordat, agent: LocalAgent, agents: AgentFiles): Promise<string> {
  const { did, tenant } = agent;
  const secretKey = await agents.nextKey(agent.name);
  const next = keyId(ed25519PublicKey(fromBase64url(secretKey)!));
  const { authKeyId } = await client.agents.get({ did });
  // An earlier attempt went through, and its answer was lost.
  if (authKeyId !== next) {
    const audience = await audienceOf(client, agent);
    await client.agents.rotateKey(proveNewKey({ did, oldKeyId: authKeyId, secretKey, tenant, audience }));
  }
  await agents.replaceKey(agent);
  return next;
}

/** What the installation calls itself: its challenges say it. */
async function audienceOf(client: Concordat, { did, tenant }: LocalAgent): Promise<string | undefined> {
  const { challenge } = await client.call('auth.challenge', { did, tenant });
  return /^audience: ([\x21-\x7e]{1,128})$/m.exec(challenge)?.[1];
}
