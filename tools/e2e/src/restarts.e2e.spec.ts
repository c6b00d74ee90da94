import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import {
  type Checkpoint,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  verifyConsistency,
} from '@concordat/crypto';
import type { Concordat } from '@concordat/sdk';
import { eventually, type TestAgent } from '@concordat/testing';
import { isLong } from './environment';
import { concordat, System } from './system';

const unread = 20;

/** What was acknowledged before everything ended, and must be there afterwards. */
interface Acknowledged {
  readonly ada: TestAgent;
  readonly ben: TestAgent;
  readonly messageIds: readonly string[];
  readonly signed: Checkpoint;
}

async function leaveTraces(system: System): Promise<Acknowledged> {
  const [ada, ben] = [await system.registered('Ada'), await system.registered('Ben', 1)];
  const client = system.client(ada, 1);
  await client.vault().put({ key: 'findings', content: { answer: 42 } });
  await client.vault().grant({ grantee: ben.did, scopes: ['read'] });
  const messageIds: string[] = [];
  for (let payload = 0; payload < unread; payload++) {
    const { id } = await client.messages.send({ to: ben.did, type: 'EVENT', payload });
    messageIds.push(id);
  }
  return { ada, ben, messageIds, signed: await signed(system, client) };
}

/** The newest checkpoint, by the key that was pinned when the system came up. */
async function signed({ vkey }: System, client: Concordat): Promise<Checkpoint> {
  const { body } = await client.audit.checkpoint();
  return parseCheckpoint(openNote(Buffer.from(body, 'base64url').toString(), parseVerifierKey(vkey)));
}

/** The log goes on where it was: what was signed then is the beginning of what is signed now. */
async function expectOneHistory(
  client: Concordat,
  before: readonly Checkpoint[],
  now: Checkpoint,
): Promise<void> {
  for (const { size, root } of before) {
    expect(now.size).toBeGreaterThanOrEqual(size);
    const { proof } = await client.audit.consistency({ from: size, to: now.size });
    const hashes = proof.map((hash) => new Uint8Array(Buffer.from(hash, 'base64url')));
    expect(verifyConsistency(size, now.size, hashes, root, now.root)).toBe(true);
  }
}

async function expectTraces(system: System, before: Acknowledged): Promise<void> {
  const { ada, ben, messageIds } = before;
  const [asAda, asBen] = [system.client(ada), system.client(ben, 1)];
  expect(await asBen.vault(ada.did).get({ key: 'findings' })).toMatchObject({ content: { answer: 42 } });
  const { items } = await asBen.inbox.fetch({ count: 100 });
  expect(items.map(({ id }) => id)).toEqual(messageIds);
  await asBen.inbox.ack({ tokens: items.map(({ deliveryToken }) => deliveryToken) });
  expect((await asBen.inbox.fetch({ count: 100 })).items).toEqual([]);
  await expectOneHistory(asAda, [before.signed], await signed(system, asAda));
  await eventually(async () => {
    const seen = await system.admin().audit.messages({ agent: ada.did, limit: 100 });
    expect(
      seen.items
        .filter(({ status }) => status === 'DELIVERED')
        .map(({ messageId }) => messageId)
        .sort(),
    ).toEqual([...messageIds].sort());
  }, 20_000);
}

describe('Concordat on one machine', () => {
  let system: System;
  beforeAll(async () => void (system = await System.start()));
  afterAll(() => system.stop());

  it('keeps its data, its keys and its addresses when it is stopped and started again', async () => {
    const before = await leaveTraces(system);
    const { http, grpc } = system.run;
    const { adminKey, vkey } = system;
    expect(await system.down()).toMatchObject({ code: 0 });
    expect(readdirSync(system.folder)).not.toContain('run.json');
    await system.up();
    expect(system.run).toMatchObject({ http, grpc });
    expect(system).toMatchObject({ adminKey, vkey });
    await expectTraces(system, before);
  });

  it('has everything it acknowledged after all of its processes were killed at once', async () => {
    const before = await leaveTraces(system);
    const run = JSON.parse(readFileSync(`${system.folder}/run.json`, 'utf8')) as { supervisorPid: number };
    const pids = [run.supervisorPid, ...system.run.processes.map(({ pid }) => pid!)];
    for (const pid of pids) process.kill(pid, 'SIGKILL');
    await system.up();
    expect(system.run.processes.map(({ pid }) => pid).filter((pid) => pids.includes(pid!))).toEqual([]);
    await expectTraces(system, before);
  });

  it('has every message in its trail once, and one history, after kills of the trail and its database while they came', async () => {
    const [ada, ben] = [await system.registered('Ada'), await system.registered('Ben', 1)];
    const client = system.client(ada, 1);
    const kills = ['audit-service', 'postgres', 'audit-service'].flatMap((name) =>
      Array.from({ length: isLong ? 10 : 1 }, () => name),
    );
    const sent: string[] = [];
    const checkpoints: Checkpoint[] = [];
    let isDone = false;
    const sending = (async () => {
      for (let payload = 0; !isDone; payload++) {
        const messages = Array.from({ length: 5 }, () => ({
          ...{ to: ben.did, type: 'EVENT' as const, payload },
        }));
        const { items } = await client.messages.sendBatch({ messages });
        sent.push(...items.flatMap(({ id }) => id ?? []));
        // An inbox has an end.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    })();
    for (const name of kills) {
      const before = sent.length;
      await eventually(() => expect(sent.length).toBeGreaterThan(before + 20), 60_000);
      checkpoints.push(await eventually(() => signed(system, client), 60_000));
      const { pid } = system.process(name);
      system.kill9(name);
      await eventually(() => expect(system.process(name).pid).not.toBe(pid), 60_000);
    }
    isDone = true;
    await sending;
    await system.ready();
    const admin = system.admin();
    const found = async (): Promise<string[]> => {
      const ids: string[] = [];
      for (let cursor: string | undefined; ;) {
        const query = { subject: ada.did, type: 'concordat.bus.message.accepted.v2', limit: 500, cursor };
        const page = await admin.audit.events(query);
        ids.push(...page.items.map(({ data }) => (data as { messageId: string }).messageId));
        if (page.nextCursor === null) return ids;
        cursor = page.nextCursor;
      }
    };
    await eventually(async () => expect((await found()).length).toBeGreaterThanOrEqual(sent.length), 60_000);
    expect((await found()).toSorted()).toEqual(sent.toSorted());
    await expectOneHistory(client, checkpoints, await signed(system, client));
    process.stdout.write(
      `kills of audit-service and postgres: ${kills.length}, while ${sent.length} messages came: 0 lost, 0 doubled\n`,
    );
  });

  it('does not start on a store that was emptied, says why, and starts when it is put back', async () => {
    const before = await leaveTraces(system);
    await system.down();
    const [store, away] = [`${system.folder}/iam`, `${system.folder}/iam-away`];
    renameSync(store, away);
    await expect(system.up()).rejects.toThrow(
      /The stream of iam ends at .*\.\/concordat iam recover --from-stream.*\n.*Fix: /,
    );
    rmSync(store, { recursive: true });
    renameSync(away, store);
    await system.up();
    await expectTraces(system, before);
  });

  it('a demo without a system says what to do', async () => {
    const outcome = await concordat(['demo', '--data', `${system.folder}/nothing-here`]);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('./concordat up');
  });
});
