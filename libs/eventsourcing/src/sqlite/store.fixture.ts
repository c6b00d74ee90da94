import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentRegistered, AgentRevoked, AgentUpdated, type EventEnvelope } from '@concordat/contracts';
import { type Keystore, memoryKeystore } from '@concordat/keystore';
import { sealData } from '../codec';
import { type AppendRequest, type EventStore, toEnvelope } from '../event-store';
import { type AppliedEvent, combineProjections, eventPosition, type Projection } from '../projection';
import { SqliteEventStore } from './sqlite-event-store';

const sql = `CREATE TABLE names (did TEXT PRIMARY KEY, name TEXT, status TEXT NOT NULL, position INTEGER NOT NULL, seen TEXT) STRICT`;
export const migrations = { room: 'test', list: [{ id: 1, name: 'names', sql }] };

/** A table with a sealed field in clear, as iam has it. */
const project: Projection = ({ type, data }: AppliedEvent) => {
  if (type === AgentUpdated.type)
    return [
      {
        sql: 'UPDATE names SET name = ? WHERE did = ?',
        params: [data['name'] as string | null, String(data['did'])],
      },
    ];
  return type === AgentRegistered.type
    ? [
        {
          sql: `INSERT INTO names VALUES (?, ?, 'active', ${eventPosition}, NULL)`,
          params: [String(data['did']), data['name'] as string | null],
        },
      ]
    : [
        {
          sql: `UPDATE names SET status = 'revoked', position = ${eventPosition} WHERE did = ?`,
          params: [String(data['did'])],
        },
      ];
};
export const projection = combineProjections([[AgentRegistered, AgentUpdated, AgentRevoked], project]);

export const now = new Date('2026-01-01T00:00:00.000Z');
const common = {
  tenant: 't',
  time: now.toISOString(),
  actor: 'apiKey:0',
  correlation: null,
  traceparent: null,
};

/** Does not tell the name. */
export const didOf = (name: string): string => `did:key:z${Buffer.from(name).toString('hex')}`;

/** A folder with a store of agents, for specs only. */
export class StoreFixture {
  readonly folder = mkdtempSync(join(tmpdir(), 'concordat-store-'));
  readonly file = join(this.folder, 'iam.db');
  readonly keystore: Keystore = memoryKeystore();
  store: SqliteEventStore = this.open();

  open(): SqliteEventStore {
    const onFailure = (error: Error): void => {
      throw error;
    };
    return (this.store = new SqliteEventStore({
      ...{ file: this.file, source: 'iam', migrations, now: () => now, onFailure },
    }));
  }

  async register(name: string): Promise<string> {
    const did = didOf(name);
    const data = {
      ...{ did, name, agentType: 'CLAUDE', publicKeys: [], metadata: {} },
      ...{ controllerDid: null, relationshipType: 'owner' },
    };
    const place = { tenant: 't', stream: `agent/${did}`, version: 1 };
    const sealed = await sealData(AgentRegistered, data, place, this.keystore);
    const { type } = AgentRegistered;
    const applied = { ...common, ...place, type, data, sealed };
    await this.#append({
      ...{
        ...common,
        stream: place.stream,
        expectedVersion: 0,
        command: { id: did, digest: Buffer.from(did) },
      },
      events: [{ type, subject: did, data: JSON.stringify(sealed) }],
      effects: projection(applied),
    });
    return did;
  }

  /** @param name it was registered by */
  async rename(name: string, next: string): Promise<void> {
    const data = { did: didOf(name), name: next, metadata: {} };
    const { type } = AgentUpdated;
    const place = { tenant: 't', stream: `agent/${data.did}`, version: 2 };
    const sealed = await sealData(AgentUpdated, data, place, this.keystore);
    await this.#append({
      ...{ ...common, stream: place.stream, expectedVersion: 1, command: null },
      events: [{ type, subject: data.did, data: JSON.stringify(sealed) }],
      effects: projection({ ...common, ...place, type, data, sealed }),
    });
  }

  async revoke(name: string): Promise<void> {
    const data = { did: didOf(name), reason: 'unspecified' };
    const { type } = AgentRevoked;
    const place = { stream: `agent/${data.did}`, version: 2 };
    await this.#append({
      ...{ ...common, stream: place.stream, expectedVersion: 1, command: null },
      events: [{ type, subject: data.did, data: JSON.stringify(data) }],
      effects: projection({ ...common, ...place, type, data, sealed: data }),
    });
  }

  #append(request: AppendRequest): Promise<unknown> {
    return this.store.append(request);
  }

  /** What the relay would have published of a store. */
  async published(store: EventStore = this.store): Promise<EventEnvelope[]> {
    return (await store.readAfter(0, 100_000)).map((event) => toEnvelope('iam', event));
  }

  rows(): unknown[] {
    return this.store.reader.prepare('SELECT * FROM names ORDER BY did').all();
  }

  async cleanUp(): Promise<void> {
    await this.store.close();
    rmSync(this.folder, { recursive: true });
  }
}
