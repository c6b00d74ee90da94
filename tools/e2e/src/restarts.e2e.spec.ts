import { readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import type { Concordat } from '@concordat/sdk';
import { eventually, type TestAgent } from '@concordat/testing';
import { runDemo } from './demo-run';
import { concordat, System } from './system';

const unread = 20;

/** What was acknowledged before everything ended, and must be there afterwards. */
interface Acknowledged {
  readonly ada: TestAgent;
  readonly ben: TestAgent;
  readonly messageIds: readonly string[];
  readonly logSize: number;
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
  return { ada, ben, messageIds, logSize: await logSize(client) };
}

/** Number of leaves in the log, as signed. */
async function logSize(client: Concordat): Promise<number> {
  const { body } = await client.audit.checkpoint();
  return Number(Buffer.from(body, 'base64url').toString().split('\n')[1]);
}

async function expectTraces(system: System, before: Acknowledged): Promise<void> {
  const { ada, ben, messageIds } = before;
  const [asAda, asBen] = [system.client(ada), system.client(ben, 1)];
  expect(await asBen.vault(ada.did).get({ key: 'findings' })).toMatchObject({ content: { answer: 42 } });
  const { items } = await asBen.inbox.fetch({ count: 100 });
  expect(items.map(({ id }) => id)).toEqual(messageIds);
  await asBen.inbox.ack({ tokens: items.map(({ deliveryToken }) => deliveryToken) });
  expect((await asBen.inbox.fetch({ count: 100 })).items).toEqual([]);
  // The log goes on where it was: it proves that what it had signed is its beginning.
  const now = await logSize(asAda);
  expect(now).toBeGreaterThanOrEqual(before.logSize);
  if (now > before.logSize)
    expect(await asAda.audit.consistency({ from: before.logSize, to: now })).toBeDefined();
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

  it('tells its story to people, and its result to programs', async () => {
    const { code, result, story } = await runDemo({ folder: system.folder, messages: 200 });
    expect(result.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(code).toBe(0);
    expect(result).toEqual({
      ok: true,
      checks: expect.any(Array) as unknown,
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      services: ['iam-service', 'bus-gateway', 'audit-service', 'vault-service'],
      messages: 200,
      durationsMs: expect.objectContaining({ total: expect.any(Number) as unknown }) as unknown,
    });
    expect(result.checks.length).toBeGreaterThanOrEqual(15);
    for (const { name } of result.checks) expect(story).toContain(`✓ ${name}`);
  });

  it('a demo without a system says what to do', async () => {
    const outcome = await concordat(['demo', '--data', `${system.folder}/nothing-here`]);
    expect(outcome.code).not.toBe(0);
    expect(outcome.stderr).toContain('./concordat up');
  });
});
