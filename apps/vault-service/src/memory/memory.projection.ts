import { MemoryDeleted, type MemoryEvent, MemoryWritten } from '@concordat/contracts';
import type { AppliedEvent } from '@concordat/eventsourcing';
import type { Connection, SqlStatement } from '@concordat/sqlite';
import type { Statement } from 'better-sqlite3';

const upsert = `
  INSERT INTO memories (tenant, persona, record_id, version, generation, author, created_at, updated_at, sealed_key,
    sealed_content)
  VALUES ($tenant, $persona, $recordId, $version, $generation, $author, $time, $time, $sealedKey, $sealedContent)
  ON CONFLICT (tenant, persona, record_id) DO UPDATE SET version = excluded.version, author = excluded.author,
    updated_at = excluded.updated_at, sealed_key = excluded.sealed_key, sealed_content = excluded.sealed_content`;

/** Brings `memories` and `deleted_memories` up to date; key and content stay as the codec sealed them. */
export function memoryProjection(applied: AppliedEvent): SqlStatement[] {
  const event = applied as unknown as MemoryEvent;
  const { tenant, time, sealed } = applied;
  const { persona, recordId, version, generation, author } = event.data;
  switch (event.type) {
    case MemoryWritten.type: {
      const sealedFields = {
        sealedKey: JSON.stringify(sealed['key']),
        sealedContent: JSON.stringify(sealed['content']),
      };
      const params = { tenant, persona, recordId, version, generation, author, time, ...sealedFields };
      return [{ sql: upsert, params }];
    }
    case MemoryDeleted.type:
      return [
        {
          sql: 'DELETE FROM memories WHERE tenant = ? AND persona = ? AND record_id = ?',
          params: [tenant, persona, recordId],
        },
        {
          sql: 'INSERT INTO deleted_memories VALUES (?, ?, ?, ?, ?)',
          params: [tenant, persona, recordId, generation, time],
        },
      ];
    default:
      return event satisfies never;
  }
}

/** A memory as it is kept: key and content are sealed values as JSON texts. */
export interface StoredMemory {
  readonly tenant: string;
  readonly persona: string;
  readonly recordId: string;
  readonly version: number;
  readonly generation: number;
  readonly author: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly sealedKey: string;
  readonly sealedContent: string;
}

/** A life of a memory that ended. */
export interface DeletedMemory {
  readonly tenant: string;
  readonly persona: string;
  readonly recordId: string;
  readonly generation: number;
}

type DeletedKey = [tenant: string, persona: string, recordId: string, generation: number];

/** Queries on `memories` and `deleted_memories`. */
export class MemoryQueries {
  readonly #find: Statement<[string, string, string], StoredMemory>;
  readonly #deleted: Statement<[...DeletedKey, limit: number], DeletedMemory>;

  constructor(db: Connection) {
    this.#find = db.prepare(`
      SELECT tenant, persona, record_id AS recordId, version, generation, author, created_at AS createdAt,
        updated_at AS updatedAt, sealed_key AS sealedKey, sealed_content AS sealedContent
      FROM memories WHERE tenant = ? AND persona = ? AND record_id = ?`);
    this.#deleted = db.prepare(`
      SELECT tenant, persona, record_id AS recordId, generation FROM deleted_memories
      WHERE (tenant, persona, record_id, generation) > (?, ?, ?, ?)
      ORDER BY tenant, persona, record_id, generation LIMIT ?`);
  }

  find(tenant: string, persona: string, recordId: string): StoredMemory | undefined {
    return this.#find.get(tenant, persona, recordId);
  }

  /** Of all tenants, page by page. @param last of the page before; undefined for the first page */
  deletedAfter(last: DeletedMemory | undefined, limit: number): DeletedMemory[] {
    const key: DeletedKey = last
      ? [last.tenant, last.persona, last.recordId, last.generation]
      : ['', '', '', 0];
    return this.#deleted.all(...key, limit);
  }
}
