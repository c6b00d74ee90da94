import { ConcordatError, type DirectoryEntry, type Position } from '@concordat/contracts';
import { fromBase64url } from '@concordat/crypto';
import type { EventStore, HeavyReads } from '@concordat/eventsourcing';
import type { OperationHandlers } from '@concordat/runtime';
import { z } from 'zod';
import type { AgentQueries } from '../agent/agent.projection';
import { apiKeyPage } from '../api-key/api-key.projection';
import { signingKeyPage } from '../signing-key/signing-key.projection';

interface Item {
  readonly at: Position;
  readonly entry: DirectoryEntry;
}

/** Rows in one chunk: with some 400 bytes each well below the 256 KiB of a chunk. */
const chunkRows = 400;

/** Where a chunk begins: a kind of entry, and the last one of it that was read. */
const cursorSchema = z.strictObject({
  kind: z.enum(['signingKey', 'apiKey', 'agent']),
  tenant: z.string(),
  id: z.string(),
});
type Cursor = z.infer<typeof cursorSchema>;
const kinds = cursorSchema.shape.kind.options;

/**
 * The operation `directory.snapshot`. Chunks are read one by one while the store changes: every entry carries the
 * position of its last change, so a gateway that goes on from the position of the first chunk ends with the present.
 */
export function directoryHandlers(store: EventStore, reads: HeavyReads, agents: AgentQueries) {
  return {
    'directory.snapshot': async ({ cursor }) => {
      const { at } = await store.head();
      const from = cursor === undefined ? { kind: kinds[0]!, tenant: '', id: '' } : readCursor(cursor);
      const items = await readChunk(reads, agents, from);
      const next = nextCursor(from, items);
      return { output: { position: at, items, nextCursor: next && writeCursor(next) }, position: at };
    },
  } satisfies OperationHandlers;
}

function readChunk(reads: HeavyReads, agents: AgentQueries, { kind, tenant, id }: Cursor): Promise<Item[]> {
  switch (kind) {
    case 'signingKey':
      return signingKeyPage(reads, id, chunkRows);
    case 'apiKey':
      return apiKeyPage(reads, { tenant, id }, chunkRows);
    case 'agent':
      return agents.directoryPage(reads, tenant, id, chunkRows);
  }
}

function nextCursor(from: Cursor, items: readonly Item[]): Cursor | null {
  const last = items.at(-1);
  if (last && items.length === chunkRows) return { kind: from.kind, ...nameOf(last.entry) };
  const following = kinds[kinds.indexOf(from.kind) + 1];
  return following === undefined ? null : { kind: following, tenant: '', id: '' };
}

function nameOf(entry: DirectoryEntry): { tenant: string; id: string } {
  switch (entry.kind) {
    case 'agent':
      return { tenant: entry.tenant, id: entry.did };
    case 'apiKey':
      return { tenant: entry.tenant, id: entry.id };
    case 'signingKey':
      return { tenant: '', id: entry.publicKey.kid };
  }
}

const writeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString('base64url');

function readCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(fromBase64url(text) ?? []).toString()));
  } catch {
    throw new ConcordatError('INPUT_INVALID', 'The cursor is not one of this snapshot.');
  }
}
