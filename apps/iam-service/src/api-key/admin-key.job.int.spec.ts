import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { ApiKeyCreated } from '@concordat/contracts';
import { apiKeyHash, parseApiKey } from '@concordat/crypto';
import { SqliteEventStore } from '@concordat/eventsourcing';
import { type Bench, startBench } from '@concordat/testing';
import { adminKeyFile, startIam } from '../iam.fixture';

describe('the key that everything is made with', () => {
  let bench: Bench;
  beforeEach(async () => void (bench = await startBench()));
  afterEach(() => bench.stop());

  /** Starts and stops the service. @returns the hashes of the API keys it has made */
  async function run(): Promise<string[]> {
    const app = await startIam(bench);
    const events = await app.get(SqliteEventStore).readAfter(0, 1_000);
    await app.close();
    return events
      .filter(({ type }) => type === ApiKeyCreated.type)
      .map(({ data }) => (JSON.parse(data) as { hash: string }).hash);
  }
  const key = (): string => readFileSync(adminKeyFile(bench), 'utf8').trim();

  it('is written at the first start, for its owner only, and never again', async () => {
    const made = await run();
    expect(made).toEqual([apiKeyHash(key())]);
    expect(parseApiKey(key())).toBeDefined();
    expect(statSync(adminKeyFile(bench)).mode & 0o777).toBe(0o600);
    expect(await run()).toEqual(made);
  });

  it('is made anew for whoever lost it and asks with an empty file', async () => {
    const [first] = await run();
    writeFileSync(adminKeyFile(bench), '');
    expect(await run()).toEqual([first, apiKeyHash(key())]);
    expect(apiKeyHash(key())).not.toBe(first);
    expect(statSync(adminKeyFile(bench)).mode & 0o777).toBe(0o600);
  });
});
