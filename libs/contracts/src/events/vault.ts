import { z } from 'zod';
import { did, jsonValue, memoryKey, persona, timestamp } from '../names';
import { consentScope } from '../operations/vault';
import { type EventOf, event, type KeyPath } from './event';

/** Keyed hash of persona and key: what the world may know instead of a memory's name. */
export const recordId = z.string().regex(/^[A-Za-z0-9_-]{22}$/);

/**
 * The key of one memory is wrapped by the key of its persona. A memory that is written again after its deletion gets a
 * new generation, hence a new key: destroying the old one twice (after a crash) never harms the new one.
 */
export const memoryKeyPath = (owner: string, record: string, generation: number): KeyPath => [
  `persona/${owner}`,
  `memory/${record}/${generation}`,
];

export const MemoryWritten = event({
  type: 'concordat.vault.memory.written.v1',
  summary: 'A memory was written; its content stays encrypted in the vault.',
  data: z.strictObject({
    persona,
    recordId,
    version: z.number().int().positive(),
    /** The version that began this life of the memory: 1, or one more than that of its last deletion. */
    generation: z.number().int().positive(),
    author: z.string(),
    /** null after deletion, like `content` */
    key: memoryKey.nullable(),
    content: jsonValue,
  }),
  sealed: {
    fields: ['key', 'content'],
    keyPath: (data) => memoryKeyPath(data.persona, data.recordId, data.generation),
  },
  local: ['key', 'content'],
  subject: ({ persona }) => persona,
});

export const MemoryDeleted = event({
  type: 'concordat.vault.memory.deleted.v1',
  summary: 'A memory was deleted: its key was ordered destroyed.',
  data: z.strictObject({
    persona,
    recordId,
    version: z.number().int().positive(),
    generation: z.number().int().positive(),
    author: z.string(),
  }),
  destroys: (data) => memoryKeyPath(data.persona, data.recordId, data.generation),
  subject: ({ persona }) => persona,
});

export const ConsentGranted = event({
  type: 'concordat.vault.consent.granted.v1',
  summary: 'A persona lets another agent read or write its memories.',
  data: z.strictObject({
    persona: did,
    grantee: did,
    scopes: z.array(consentScope),
    expiresAt: timestamp.nullable(),
  }),
  subject: ({ persona }) => persona,
});

export const ConsentWithdrawn = event({
  type: 'concordat.vault.consent.withdrawn.v1',
  summary: 'A consent was withdrawn.',
  data: z.strictObject({ persona: did, grantee: did }),
  subject: ({ persona }) => persona,
});

export const MemoryRead = event({
  type: 'concordat.vault.memory.read.v1',
  summary: 'A memory was read.',
  data: z.strictObject({ persona, recordId, version: z.number().int().positive(), reader: z.string() }),
  subject: ({ persona }) => persona,
});

export const VaultAccessRefused = event({
  type: 'concordat.vault.access.refused.v1',
  summary: 'An agent reached for what is not its own and was refused.',
  data: z.strictObject({
    persona,
    operation: z.string(),
    reader: z.string(),
    count: z.number().int().positive(),
  }),
  subject: ({ persona }) => persona,
});

export type MemoryEvent = EventOf<typeof MemoryWritten> | EventOf<typeof MemoryDeleted>;
export type ConsentEvent = EventOf<typeof ConsentGranted> | EventOf<typeof ConsentWithdrawn>;
