import { MemoryWritten, type OperationOutput } from '@concordat/contracts';
import { openData } from '@concordat/eventsourcing';
import type { Keystore } from '@concordat/keystore';
import type { StoredMemory } from './memory.projection';

/** The aggregate of a memory; neither tenant nor persona nor the keyed hash of its key can be exchanged unnoticed. */
export const memoryStream = (persona: string, recordId: string): string => `memory/${persona}/${recordId}`;

/** The record of a memory was damaged, moved, or lost its key without having been deleted. */
export class DamagedMemoryError extends Error {
  override readonly name = 'DamagedMemoryError';
}

export type MemoryContent = OperationOutput<'memory.get'>['content'];

/**
 * Opens a memory in the very context in which the event that wrote it was sealed.
 * @returns undefined when its key is gone
 * @throws DamagedMemoryError when the record is not what was written at this place
 */
export async function openMemory(
  memory: StoredMemory,
  keystore: Keystore,
): Promise<{ readonly content: MemoryContent } | undefined> {
  const { tenant, persona, recordId, version } = memory;
  const place = { tenant, stream: memoryStream(persona, recordId), version };
  try {
    const sealed = {
      key: JSON.parse(memory.sealedKey) as unknown,
      content: JSON.parse(memory.sealedContent) as unknown,
    };
    const { key, content } = await openData(MemoryWritten, sealed, place, keystore);
    // The content of a memory may be null, its key never is: only a destroyed key of the keystore makes it so.
    return key === null ? undefined : { content: content as MemoryContent };
  } catch (error) {
    throw new DamagedMemoryError('the record cannot be opened', { cause: error });
  }
}
