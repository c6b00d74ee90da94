import { destination, queueAddress } from '@concordat/contracts';
import { type Concordat } from '@concordat/sdk';
import { UserError } from '../context';
import { visible } from '../output';
import { type AgentFiles } from './agent-files';
import { findDid } from './find-did';

/**
 * Where a word on the command line sends to: `*`, `topic:<name>`, or an agent by name or DID.
 * @throws UserError
 */
export async function findDestination(word: string, agents: AgentFiles, client: Concordat): Promise<string> {
  if (word !== '*' && !word.startsWith('topic:')) return findDid(word, agents, client);
  if (destination.safeParse(word).success) return word;
  throw new UserError(visible(`${word} is no topic: topic:<name>, of letters, digits, dots, _ and -.`));
}

/** The queue that a word means: `topic:<name>/<group>`, or the inbox of an agent by name or DID. @throws UserError */
export async function findQueue(word: string, agents: AgentFiles, client: Concordat): Promise<string> {
  if (!word.startsWith('topic:')) return findDid(word, agents, client);
  if (queueAddress.safeParse(word).success) return word;
  throw new UserError(visible(`${word} is no group of a topic: topic:<name>/<group>.`));
}
