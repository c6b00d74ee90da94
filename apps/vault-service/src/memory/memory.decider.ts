import {
  ConcordatError,
  MemoryDeleted,
  type MemoryEvent,
  MemoryWritten,
  type OperationInput,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';
import { mayDelete } from './memory.access';

interface MemoryCommandFacts {
  readonly persona: string;
  readonly recordId: string;
  /** DID of the agent that asks. */
  readonly author: string;
  /** 0: must not exist; null: whatever it is */
  readonly expectedVersion: number | null;
}

export interface WriteMemory extends MemoryCommandFacts {
  readonly kind: 'WriteMemory';
  readonly key: string;
  readonly content: OperationInput<'memory.put'>['content'];
}

export interface DeleteMemory extends MemoryCommandFacts {
  readonly kind: 'DeleteMemory';
}

export type MemoryCommand = WriteMemory | DeleteMemory;

/** Facts about a memory; neither its key nor its content, which stay sealed. */
export interface Memory {
  /** Counts every event of the memory, deletions included: the version of its stream. */
  readonly version: number;
  /** The version that began this life. */
  readonly generation: number;
  readonly isDeleted: boolean;
  /** Began this life. */
  readonly creator: string;
  /** Wrote this version. */
  readonly author: string;
  readonly createdAt: string;
  readonly changedAt: string;
}

/** undefined: never written */
export type MemoryState = Memory | undefined;

/** A memory is written again and again, deleted, and perhaps written anew; its version only ever grows. */
export const memoryDecider: Decider<MemoryCommand, MemoryEvent, MemoryState> = {
  initialState: undefined,

  decide(command, memory) {
    const { persona, recordId, author } = command;
    const version = (memory?.version ?? 0) + 1;
    const present = memory?.isDeleted ? undefined : memory;
    switch (command.kind) {
      case 'WriteMemory': {
        requireVersion(command.expectedVersion, present);
        const { key, content } = command;
        const generation = present?.generation ?? version;
        return [
          {
            type: MemoryWritten.type,
            data: { persona, recordId, version, generation, author, key, content },
          },
        ];
      }
      case 'DeleteMemory': {
        if (!present) throw new ConcordatError('MEMORY_UNKNOWN');
        if (!mayDelete(author, persona, present.creator))
          throw new ConcordatError(
            'CONSENT_REQUIRED',
            'A communal memory is deleted by the agent that created it.',
          );
        requireVersion(command.expectedVersion, present);
        const { generation } = present;
        return [{ type: MemoryDeleted.type, data: { persona, recordId, version, generation, author } }];
      }
      default:
        return command satisfies never;
    }
  },

  evolve(memory, event, time) {
    switch (event.type) {
      case MemoryWritten.type: {
        const { version, generation, author } = event.data;
        const begun =
          memory?.generation === generation ? memory : { generation, creator: author, createdAt: time };
        const { creator, createdAt } = begun;
        return { version, generation, isDeleted: false, creator, author, createdAt, changedAt: time };
      }
      case MemoryDeleted.type:
        return memory && { ...memory, version: event.data.version, isDeleted: true, changedAt: time };
      default:
        return event satisfies never;
    }
  },
};

function requireVersion(expected: number | null, present: Memory | undefined): void {
  const version = present?.version ?? 0;
  if (expected === null || expected === version) return;
  throw new ConcordatError(
    'PRECONDITION_FAILED',
    present ? `The version is ${version}, not ${expected}.` : 'The memory does not exist.',
  );
}
