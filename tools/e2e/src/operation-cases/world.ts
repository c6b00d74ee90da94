import { Concordat, type PublicOperationName } from '@concordat/sdk';
import { formatApiKey } from '@concordat/crypto';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import type { System } from '../system';

/** What the cases find in place: two agents, registered through the first gateway and served by the second. */
export interface World {
  readonly system: System;
  /** Nobody in particular. */
  readonly stranger: Concordat;
  readonly admin: Concordat;
  readonly ada: TestAgent;
  readonly bob: TestAgent;
  readonly asAda: Concordat;
  readonly asBob: Concordat;
  /** A message from Ada to Bob that nobody has fetched. */
  readonly messageId: string;
  /** An event of the audit log about Ada, covered by a checkpoint. */
  readonly eventId: string;
}

export interface OperationCase {
  /** Calls it as it is meant to be called, and checks what comes back. Can be done any number of times. */
  succeed(world: World): Promise<void>;
  /** Calls it as it must be refused. */
  refuse(world: World): Promise<unknown>;
  readonly refusal: string;
}

export async function startWorld(system: System): Promise<World> {
  const [ada, bob] = [await system.registered('Ada', 0), await system.registered('Bob', 0)];
  const [asAda, asBob] = [system.client(ada, 1), system.client(bob, 1)];
  const sent = await asAda.messages.send({ to: bob.did, type: 'COMMAND', payload: { hello: 'Bob' } });
  const eventId = await eventually(async () => {
    const { items } = await system.admin(1).audit.events({ subject: ada.did });
    await system.admin(1).audit.inclusion({ eventId: items[0]!.id });
    return items[0]!.id;
  });
  const stranger = new Concordat({ url: system.url(1) });
  return { system, stranger, admin: system.admin(1), ada, bob, asAda, asBob, messageId: sent.id, eventId };
}

/** An agent for one case only. */
export const withAgent = async (
  world: World,
  then: (agent: TestAgent, client: Concordat) => Promise<void>,
): Promise<void> => {
  const agent = newAgent();
  await world.admin.call('agent.register', {
    name: 'temporary',
    type: 'CLINE',
    publicKey: agent.publicKeyText,
  });
  await then(agent, world.system.client(agent, 1));
};

/** Somebody with a key that was never made. */
export const impostor = (system: System): Concordat =>
  new Concordat({ url: system.url(1), credential: { apiKey: formatApiKey(new Uint8Array(40)).key } });

/** The cases of the operations whose names begin so. */
export type CasesOf<Prefix extends string> = Readonly<
  Record<Extract<PublicOperationName, `${Prefix}.${string}`>, OperationCase>
>;
