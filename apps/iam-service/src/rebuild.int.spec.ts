import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentRegistered } from '@concordat/contracts';
import { sealData, rebuildProjections, SqliteEventStore } from '@concordat/eventsourcing';
import { type Keystore, localRootKey, openKeystore } from '@concordat/keystore';
import { openDatabase, readMigrations } from '@concordat/sqlite';
import { newAgent } from '@concordat/testing';
import { agentStream } from './agent/agent.handler';
import { iamProjections } from './projections';

const wanted = 100_000;
const time = '2026-01-01T00:00:00.000Z';
const fail = (error: Error): void => {
  throw error;
};

describe('a store with 100,000 agents', () => {
  let folder: string;
  let file: string;
  let keystore: Keystore;
  let store: SqliteEventStore;
  const open = (): SqliteEventStore =>
    new SqliteEventStore({
      file,
      source: 'iam',
      migrations: { room: 'iam', list: readMigrations(join(__dirname, 'migrations')) },
      now: () => new Date(1_767_225_600_000),
      onFailure: fail,
    });

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'concordat-rebuild-'));
    file = join(folder, 'iam.db');
    const root = localRootKey(new Uint8Array(32).fill(1));
    keystore = openKeystore({ file: join(folder, 'keys.db'), root, now: () => time, onFailure: fail });
    store = open();
    for (let first = 0; first < wanted; first += 2_000)
      await Promise.all(Array.from({ length: 2_000 }, (_, i) => register(store, keystore, first + i)));
  }, 300_000);
  afterAll(async () => {
    await store.close();
    await keystore.close();
    rmSync(folder, { recursive: true });
  });

  it('has its tables rebuilt from the events within ten seconds, and they are the same', async () => {
    const digest = (): unknown => store.reader.prepare(digestSql).get();
    const before = digest();
    await store.close();
    const db = openDatabase(file, { secureDelete: true, exclusive: true });
    const begun = performance.now();
    const said: number[] = [];
    const onProgress = (done: number): void => void said.push(done);
    const { events } = await rebuildProjections(db, {
      source: 'iam',
      projection: iamProjections,
      keystore,
      onProgress,
    });
    const seconds = (performance.now() - begun) / 1_000;
    db.close();
    const reopening = performance.now();
    store = open();
    const openMs = performance.now() - reopening;
    process.stdout.write(
      `${events} events: tables rebuilt in ${seconds.toFixed(1)} s; store verified and opened in ${openMs.toFixed(0)} ms\n`,
    );
    expect(events).toBe(wanted);
    expect(said.length).toBeGreaterThan(10);
    expect(digest()).toEqual(before);
  }, 120_000);
});

const digestSql = `SELECT count(*) AS n, count(agent_name) AS names, sum(position) AS positions,
  sum(length(metadata)) AS metadata, min(agent_name) AS first, max(agent_name) AS last FROM agent_identities`;

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
