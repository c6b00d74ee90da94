import { randomUUID } from 'node:crypto';
import { ConcordatError, type OperationInput, toDidWeb } from '@concordat/contracts';
import { toDidKey } from '@concordat/crypto';
import type { CommandContexts, EventStore, HeavyReads } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { v8 } from './uuid-v8';
import { type AgentCommands, agentStream, readPublicKey } from './agent-commands';
import type { AgentPlace, AgentQueries } from './agent-queries.projection';
import type { RegisterAgent } from './agent.decider';
import { type ErasureReceipts, erasureOf } from './erasure-receipt';
import { ListCursors } from './list-cursor';

export interface AgentPorts {
  readonly commands: AgentCommands;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  /** For lists, which may look at many rows. */
  readonly reads: HeavyReads;
  readonly agents: AgentQueries;
  readonly keystore: Keystore;
  readonly receipts: ErasureReceipts;
  /** Under which the documents of managed identities are found. */
  readonly didWebDomain: string;
}

/** The operations on an agent from its registration to its end; those in between are in `agent-life.handler.ts`. */
export function agentHandlers(ports: AgentPorts) {
  const { commands, agents } = ports;
  return {
    'agent.register': async (input, context) =>
      commands.change(context, input, toRegistration(ports, input, context)),

    'agent.get': async ({ did }, { principal }) => ({
      output: commands.require(principal.tenant, did),
      position: await commands.here(),
    }),

    'agent.list': async ({ limit, cursor, ...filter }, { principal }) => {
      const { tenant } = principal;
      const cursors = new ListCursors<AgentPlace>(
        (...parts) => ports.contexts.blindName(...parts),
        ['agent.list', tenant, filter],
      );
      const page = await agents.list(ports.reads, tenant, filter, cursors.read(cursor), limit + 1);
      const items = page.slice(0, limit);
      const nextCursor = page.length > limit ? cursors.write(items.at(-1)!.place) : null;
      return {
        output: { items: items.map(({ agent }) => agent), nextCursor },
        position: await commands.here(),
      };
    },

    'agent.revoke': async (input, context) =>
      commands.change(context, input, { kind: 'RevokeAgent', ...input }),

    'agent.erase': async (input, context) => {
      const { at } = await commands.run(context, input, { kind: 'EraseAgent', ...input });
      const { output } = await erased(ports, context.principal.tenant, input.did);
      return { output, position: at };
    },
  } satisfies OperationHandlers;
}

/** Destroys what the event has ordered destroyed, and testifies to it. */
async function erased({ store, keystore, receipts }: AgentPorts, tenant: string, did: string) {
  // Done again when the command is repeated: the process may have ended between the event and this line.
  await keystore.destroy(tenant, [agentStream(did)]);
  await store.purge();
  const erasure = erasureOf(await store.readStream(tenant, agentStream(did)), store.source);
  const receipt = await receipts.sign(tenant, did, erasure);
  return { output: { did, erasedAt: erasure.erasedAt, receipt } };
}

function toRegistration(
  ports: AgentPorts,
  input: OperationInput<'agent.register'>,
  context: OperationContext,
): RegisterAgent {
  const { bytes, key } = readPublicKey(input.publicKey);
  const did = input.didMethod === 'web' ? newDidWeb(ports, context) : toDidKey(bytes);
  if (input.did !== undefined && input.did !== did) throw new ConcordatError('DID_KEY_MISMATCH');
  return {
    kind: 'RegisterAgent',
    did,
    name: input.name,
    agentType: input.type,
    publicKeys: [key],
    metadata: input.metadata ?? {},
    controllerDid: input.controllerDid ?? null,
    relationshipType: input.relationshipType ?? 'owner',
  };
}

/** Made of the id of the command, so that a repetition finds the agent that the first request made. */
function newDidWeb(
  { contexts, didWebDomain }: AgentPorts,
  { commandId, principal }: OperationContext,
): string {
  const id = v8(contexts.idFor(commandId ?? randomUUID(), `agent ${principal.tenant}`, 16));
  return toDidWeb(didWebDomain, principal.tenant, id);
}
