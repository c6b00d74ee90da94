import { memoryKeyPath } from '@concordat/contracts';
import type { Keystore } from '@concordat/keystore';
import type { Logger } from '@concordat/runtime';
import type { OnApplicationBootstrap } from '@nestjs/common';
import type { DeletedMemory, MemoryQueries } from './memory.projection';

/** Far below the bound of the keystore's write queue. */
const pageSize = 500;

/**
 * Destroys the keys of deleted memories once more at start: the process may have ended between the event that ordered it
 * and the deed. Every life of a memory has a key of its own, so one that was written anew keeps its own.
 */
export class DeletedMemoriesJob implements OnApplicationBootstrap {
  constructor(
    private readonly memories: MemoryQueries,
    private readonly keystore: Keystore,
    private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    let late = 0;
    let last: DeletedMemory | undefined;
    do {
      const page = this.memories.deletedAfter(last, pageSize);
      const destroyed = await Promise.all(page.map((memory) => this.#destroy(memory)));
      late += destroyed.filter((count) => count > 0).length;
      last = page.length < pageSize ? undefined : page.at(-1);
    } while (last);
    if (late > 0)
      this.logger.warn({ memories: late }, 'destroyed keys that an interrupted deletion had left');
  }

  #destroy({ tenant, persona, recordId, generation }: DeletedMemory): Promise<number> {
    return this.keystore.destroy(tenant, memoryKeyPath(persona, recordId, generation));
  }
}
