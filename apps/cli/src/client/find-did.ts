import { did as didSchema } from '@concordat/contracts';
import { type Concordat } from '@concordat/sdk';
import { UserError } from '../context';
import { type AgentFiles } from './agent-files';

/**
 * The DID that a word on the command line means: itself, or that of the agent with this name, of this machine first.
 * @throws UserError when nobody is called so, or several are
 */
export async function findDid(word: string, agents: AgentFiles, client: Concordat): Promise<string> {
  if (didSchema.safeParse(word).success) return word;
  if (word.startsWith('did:'))
    throw new UserError(
      `${word} is not a DID that Concordat knows: did:key:z6Mk…, or did:web:<domain>:agents:<tenant>:<uuid>.`,
    );
  const local = await agents.find(word);
  if (local) return local.did;
  // In order of names: those that are called exactly so come first.
  const { items } = await client.agents.list({ name: word, limit: 500 });
  const called = items.filter(
    ({ name, status }) => name === word && (status === 'active' || status === 'suspended'),
  );
  if (called.length === 1) return called[0]!.did;
  if (called.length === 0)
    throw new UserError(`No active agent is called "${word}". See: ./concordat agent list`);
  throw new UserError(
    `${called.length} agents are called "${word}". Give the DID: ${called.map(({ did }) => did).join(', ')}`,
  );
}
