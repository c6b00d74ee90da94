import {
  actorOf,
  ConcordatError,
  isConcordatError,
  memoryKeyPath,
  MemoryRead,
  versionOf,
} from '@concordat/contracts';
import type { CommandContexts, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { Clock, Logger, OperationContext, OperationHandlers } from '@concordat/runtime';
import type { Feed } from '@concordat/streams';
import { agentOf } from '../caller';
import { refuseAccess, type Refusals } from '../consent/access-refusal';
import type { ConsentQueries } from '../consent/consent.projection';
import { mayReach, type MemoryOperation } from './memory.access';
import { type MemoryCommand, memoryDecider } from './memory.decider';
import { memoryProjection, type MemoryQueries, type StoredMemory } from './memory.projection';
import { DamagedMemoryError, type MemoryContent, memoryStream, openMemory } from './sealed-memory';

export interface MemoryPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly memories: Pick<MemoryQueries, 'find'>;
  readonly consents: Pick<ConsentQueries, 'find'>;
  readonly keystore: Keystore;
  readonly feed: Pick<Feed, 'append'>;
  readonly refusals: Refusals;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The operations `memory.*`. */
export function memoryHandlers(ports: MemoryPorts) {
  const { contexts, store, keystore, refusals } = ports;
  /** The consent is asked for again where the decision is made: it may be withdrawn while the command waits its turn. */
  const run = (
    operation: 'memory.put' | 'memory.delete',
    context: OperationContext,
    input: unknown,
    command: MemoryCommand,
  ) =>
    ports.runner
      .run(contexts.of(context, input), {
        stream: memoryStream(command.persona, command.recordId),
        decider: memoryDecider,
        command,
        projection: memoryProjection,
        requires: () => {
          if (!isReachable(ports, operation, command.persona, context))
            throw new ConcordatError('CONSENT_REQUIRED');
        },
      })
      .catch((error: unknown) => {
        if (!isConcordatError(error, 'CONSENT_REQUIRED')) throw error;
        const { code, detail } = error;
        return refuseAccess(refusals, context, { persona: command.persona, code, detail });
      });
  /** What may be known of the memory instead of its key. */
  const nameOf = ({ principal }: OperationContext, { persona, key }: { persona: string; key: string }) => ({
    persona,
    recordId: contexts.blindName(principal.tenant, persona, key),
  });

  return {
    'memory.put': async (input, context) => {
      const author = await requireReach(ports, 'memory.put', input.persona, context);
      const { persona, key, content } = input;
      const facts = { ...nameOf(context, input), author, expectedVersion: versionOf(input.ifMatch) };
      const command = { kind: 'WriteMemory', ...facts, key, content } as const;
      const { state, at } = await run('memory.put', context, input, command);
      const { version, createdAt, changedAt: updatedAt, author: writer } = state!;
      return { output: { persona, key, version, createdAt, updatedAt, author: writer }, position: at };
    },

    'memory.get': async (input, context) => {
      const reader = await requireReach(ports, 'memory.get', input.persona, context);
      const { at } = await store.head();
      const { memory, content } = await readMemory(ports, context, nameOf(context, input));
      await feedRead(ports, context, memory, reader);
      const { version, createdAt, updatedAt, author } = memory;
      return { output: { ...input, version, createdAt, updatedAt, author, content }, position: at };
    },

    'memory.delete': async (input, context) => {
      const author = await requireReach(ports, 'memory.delete', input.persona, context);
      const { persona, key } = input;
      const { recordId } = nameOf(context, input);
      const facts = { persona, recordId, author, expectedVersion: versionOf(input.ifMatch) };
      const { state, at } = await run('memory.delete', context, input, { kind: 'DeleteMemory', ...facts });
      const { generation, changedAt: deletedAt } = state!;
      // Done again when the command is repeated: the process may have ended between the event and this line.
      await keystore.destroy(context.principal.tenant, memoryKeyPath(persona, recordId, generation));
      return { output: { persona, key, deletedAt }, position: at };
    },
  } satisfies OperationHandlers;
}

/**
 * @returns the DID of the agent that asks
 * @throws ConcordatError CONSENT_REQUIRED, after the refusal is in the feed; alike for memories that are there or not
 */
async function requireReach(
  ports: MemoryPorts,
  operation: MemoryOperation,
  persona: string,
  context: OperationContext,
): Promise<string> {
  if (!isReachable(ports, operation, persona, context))
    return refuseAccess(ports.refusals, context, { persona, code: 'CONSENT_REQUIRED' });
  return agentOf(context.principal);
}

function isReachable(
  { consents, clock }: MemoryPorts,
  operation: MemoryOperation,
  persona: string,
  { principal }: OperationContext,
): boolean {
  const agent = agentOf(principal);
  const consent = consents.find(principal.tenant, persona, agent);
  return mayReach({ agent, persona, operation, consent, nowMs: clock.nowMs() });
}

async function readMemory(
  { memories, keystore, logger }: MemoryPorts,
  { principal: { tenant } }: OperationContext,
  { persona, recordId }: { readonly persona: string; readonly recordId: string },
): Promise<{ memory: StoredMemory; content: MemoryContent }> {
  const memory = memories.find(tenant, persona, recordId);
  if (!memory) throw new ConcordatError('MEMORY_UNKNOWN');
  try {
    const opened = await openMemory(memory, keystore);
    if (opened) return { memory, content: opened.content };
    // Deleted since it was found? Then its key was to go. Otherwise the key is lost.
    const generation = memories.find(tenant, persona, recordId)?.generation;
    if (generation !== memory.generation) throw new ConcordatError('MEMORY_UNKNOWN');
    throw new DamagedMemoryError('its key is not in the keystore');
  } catch (error) {
    if (!(error instanceof DamagedMemoryError)) throw error;
    const { version } = memory;
    logger.error({ tenant, persona, recordId, version, error }, 'a memory is damaged; the others are not');
    throw new ConcordatError(
      'MEMORY_DAMAGED',
      'The stored record of this memory is damaged and cannot be opened; write it anew, or have it restored.',
    );
  }
}

/** Resolves when the read is durably in the feed. @throws ConcordatError: then nothing may be answered (rule 14) */
async function feedRead(
  { feed }: MemoryPorts,
  { principal, conversation, traceparent }: OperationContext,
  { persona, recordId, version }: StoredMemory,
  reader: string,
): Promise<void> {
  await feed.append({
    spec: MemoryRead,
    tenant: principal.tenant,
    actor: actorOf(principal),
    data: { persona, recordId, version, reader },
    correlation: conversation,
    traceparent,
  });
}
