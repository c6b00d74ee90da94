import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rebuildProjections } from '@concordat/eventsourcing';
import { openDatabase } from '@concordat/sqlite';
import { digestOfAgents, openIamKeystore, openIamStore, registerMany } from './many-agents.fixture';
import { iamKept, iamProjections } from './projections';
import { isLong } from './testing/environment';

/** The goal is about 100,000 (in less than 10 s); to make them takes a minute. */
const wanted = isLong ? 100_000 : 4_000;

describe(`a store with ${wanted} agents`, () => {
  it('has its tables rebuilt from the events, and they are the same', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'concordat-rebuild-'));
    const keystore = openIamKeystore(folder);
    const store = openIamStore(folder);
    await registerMany(store, keystore, wanted);
    // No event says when an agent was last seen.
    const seen =
      "UPDATE agent_identities SET last_seen = '2026-01-02T00:00:00.000Z' WHERE registered_at % 2 = 0";
    await store.write([{ sql: seen, params: [] }]);
    const before = digestOfAgents(store);
    await store.close();
    const db = openDatabase(join(folder, 'iam.db'), { secureDelete: true, exclusive: true });
    const begun = performance.now();
    const said: number[] = [];
    const { events } = await rebuildProjections(db, {
      ...{ source: 'iam', projection: iamProjections, keystore, kept: iamKept },
      onProgress: (done) => said.push(done),
    });
    const rebuilt = performance.now() - begun;
    db.close();
    const opening = performance.now();
    const reopened = openIamStore(folder);
    const opened = performance.now() - opening;
    process.stdout.write(
      `${events} events: tables rebuilt in ${rebuilt.toFixed(0)} ms; store verified and opened in ${opened.toFixed(0)} ms\n`,
    );
    expect(events).toBe(wanted);
    expect(said).toEqual(Array.from({ length: wanted / 1_000 }, (_, i) => 1_000 * (i + 1)));
    expect(digestOfAgents(reopened)).toEqual(before);
    await reopened.close();
    await keystore.close();
    rmSync(folder, { recursive: true });
  }, 120_000);
});
