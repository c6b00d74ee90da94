import { join } from 'node:path';
import { AgentRegistered } from '@concordat/contracts';
import { sealData, SqliteEventStore } from '@concordat/eventsourcing';
import { fileRootKey, type Keystore, openKeystore } from '@concordat/keystore';
import { readMigrations } from '@concordat/sqlite';
import { newAgent } from '@concordat/testing';
import { agentStream } from './agent/agent-commands';
import { iamProjections } from './projections';

const time = '2026-01-01T00:00:00.000Z';
const fail = (error: Error): void => {
  throw error;
};

export const openIamStore = (dataDir: string): SqliteEventStore =>
  new SqliteEventStore({
    file: join(dataDir, 'iam.db'),
    source: 'iam',
    migrations: { room: 'iam', list: readMigrations(join(__dirname, 'migrations')) },
    now: () => new Date(time),
    onFailure: fail,
  });

export function openIamKeystore(dataDir: string): Keystore {
  const file = join(dataDir, 'keys.db');
  const root = fileRootKey(join(dataDir, 'root.key'), file, () => undefined);
  return openKeystore({ file, root, now: () => time, onFailure: fail });
}

/** Agents at a time: below the bound of the writer's queue. */
const step = 2_000;

/** Registers agents as the service does, without the way to it: for specs about large stores. */
export async function registerMany(
  store: SqliteEventStore,
  keystore: Keystore,
  count: number,
): Promise<void> {
  for (let first = 0; first < count; first += step)
    await Promise.all(
      Array.from({ length: Math.min(step, count - first) }, (_, i) => register(store, keystore, first + i)),
    );
}

async function register(store: SqliteEventStore, keystore: Keystore, number: number): Promise<void> {
  const { did, publicKeyText } = newAgent();
  const data = {
    ...{ did, name: `Agent ${number}`, agentType: 'CLAUDE', metadata: { team: 'x', note: 'n'.repeat(64) } },
    publicKeys: [{ alg: 'Ed25519', kid: publicKeyText.slice(-22), value: publicKeyText }],
    ...{ controllerDid: null, relationshipType: 'owner' },
  };
  const place = { tenant: 'default', stream: agentStream(did), version: 1 };
  const sealed = await sealData(AgentRegistered, data, place, keystore);
  const { type } = AgentRegistered;
  const actor = 'apiKey:0';
  await store.append({
    ...{ tenant: 'default', stream: place.stream, expectedVersion: 0, time, actor },
    events: [{ type, subject: did, data: JSON.stringify(sealed) }],
    effects: iamProjections({ ...place, type, data, sealed, time, actor }),
    ...{ correlation: null, traceparent: null, command: null },
  });
}

/** What is in the table of agents, in short. */
export const digestOfAgents = (store: SqliteEventStore): unknown =>
  store.reader
    .prepare(
      `SELECT count(*) AS agents, count(agent_name) AS names, sum(position) AS positions,
        sum(length(metadata)) AS metadata, min(agent_name) AS first, max(agent_name) AS last,
        count(last_seen) AS seen FROM agent_identities`,
    )
    .get();
