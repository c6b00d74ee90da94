import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  administrator,
  type Bench,
  type Caller,
  eventually,
  newAgent,
  redemption,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { blockingConnection, commandConnection, commandNode, RedisEventLog } from '@concordat/streams';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { startIam } from './iam.fixture';

describe('iam-service over real Redis and SQLite', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;
  let log: RedisEventLog;

  beforeAll(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
    const { url } = bench.redis.durable;
    log = new RedisEventLog(commandConnection({ url, name: 't' }), blockingConnection({ url, name: 't' }));
  });
  afterAll(async () => {
    await caller.stop();
    await log.close();
    await app.close();
    await bench.stop();
  });

  const register = (agent = newAgent(), over: object = {}, options: object = {}) =>
    caller.call(
      'agent.register',
      { name: 'Ada', type: 'CLAUDE', publicKey: agent.publicKeyText, ...over },
      options,
    );
  const publishedTypes = async (source: string): Promise<string[]> => {
    const all = await log.read([{ source, after: { epoch: 0, position: 0 } }], 10_000);
    return (all.get(source) ?? []).map(({ type }) => type);
  };

  it('registers an agent, gives it back, lists it, and publishes the event without its name in clear', async () => {
    const agent = newAgent();
    const { output, position } = await register(agent, { name: 'Canary Name', metadata: { team: 'x' } });
    expect(output).toMatchObject({
      did: agent.did,
      name: 'Canary Name',
      status: 'active',
      metadata: { team: 'x' },
    });
    expect((await caller.call('agent.get', { did: agent.did })).output).toEqual(output);
    const { output: page } = await caller.call('agent.list', { name: 'Canary' });
    expect(page).toEqual({ items: [output], nextCursor: null });
    const entry = await eventually(async () => {
      const all = await log.read([{ source: 'iam', after: { epoch: 0, position: 0 } }], 10_000);
      return (all.get('iam') ?? []).find(({ at }) => at.position === position!.position)!.data;
    });
    expect(entry).toContain(agent.did);
    expect(entry).not.toContain('Canary Name');
  });

  it('pages through a list without losing or repeating one', async () => {
    const agents = await Promise.all(
      Array.from({ length: 7 }, () => register(newAgent(), { type: 'COPILOT' })),
    );
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { output } = await caller.call('agent.list', {
        type: 'COPILOT',
        limit: 3,
        ...(cursor ? { cursor } : {}),
      });
      seen.push(...output.items.map(({ did }) => did));
      cursor = output.nextCursor ?? undefined;
    } while (cursor);
    expect(seen.sort()).toEqual(agents.map(({ output }) => output.did).sort());
    await expect(caller.call('agent.list', { cursor: 'nonsense' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
  });

  it('answers for an agent of another tenant exactly as for none', async () => {
    const { output } = await register();
    const options = { principal: administrator('other') };
    const foreign = await caller
      .call('agent.get', { did: output.did }, options)
      .catch((error: unknown) => error);
    const absent = await caller
      .call('agent.get', { did: newAgent().did }, options)
      .catch((error: unknown) => error);
    expect(foreign).toEqual(absent);
    expect((await caller.call('agent.list', {}, options)).output.items).toEqual([]);
  });

  it('lets the same key be registered in two tenants, so that neither can find out about the other', async () => {
    const agent = newAgent();
    await register(agent);
    await register(agent, {}, { principal: administrator('other-two') });
    await expect(register(agent)).rejects.toMatchObject({ code: 'AGENT_ALREADY_REGISTERED' });
  });

  it('gives a repeated command the same answer and the same effect, and another request under its id an error', async () => {
    const agent = newAgent();
    const first = await register(agent, {}, { commandId: 'c1' });
    expect(await register(agent, {}, { commandId: 'c1' })).toEqual(first);
    await expect(register(newAgent(), {}, { commandId: 'c1' })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
  });

  it('refuses unsafe keys, foreign DIDs and unknown controllers', async () => {
    const agent = newAgent();
    // Of small order; canonical, and no point of the curve.
    for (const publicKey of ['00'.repeat(32), `02${'00'.repeat(31)}`])
      await expect(register(agent, { publicKey })).rejects.toMatchObject({ code: 'PUBLIC_KEY_UNSAFE' });
    await expect(register(agent, { did: newAgent().did })).rejects.toMatchObject({
      code: 'DID_KEY_MISMATCH',
    });
    await expect(register(agent, { controllerDid: newAgent().did })).rejects.toMatchObject({
      code: 'AGENT_UNKNOWN',
    });
  });

  it('trades a signed challenge for a token, once', async () => {
    const agent = newAgent();
    await register(agent);
    const proof = redemption(agent);
    const { output } = await caller.call('handshake.redeem', proof);
    expect(decodeProtectedHeader(output.accessToken)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
    expect(decodeJwt(output.accessToken)).toMatchObject({
      sub: agent.did,
      aud: 'concordat',
      tenant: 'default',
      scope: 'read write governance workflows',
    });
    await expect(caller.call('handshake.redeem', proof)).rejects.toMatchObject({
      code: 'CHALLENGE_ALREADY_USED',
    });
    expect((await caller.call('agent.get', { did: agent.did })).output.lastSeen).not.toBeNull();
  });

  it('shows a token once, also to a repetition of the very request', async () => {
    const agent = newAgent();
    await register(agent);
    const proof = redemption(agent);
    await caller.call('handshake.redeem', proof, { commandId: 'h1' });
    await expect(caller.call('handshake.redeem', proof, { commandId: 'h1' })).rejects.toMatchObject({
      code: 'SECRET_ALREADY_SHOWN',
    });
  });

  it('refuses handshakes alike for unknown, revoked and wrongly signing agents, and puts the refusal into its feed', async () => {
    const agent = newAgent();
    await register(agent);
    const bad = { ...redemption(agent), signature: redemption(newAgent()).signature };
    const answers = await Promise.all(
      [redemption(newAgent()), bad, redemption(agent, { audience: 'elsewhere' })].map((proof) =>
        caller.call('handshake.redeem', proof).catch((error: unknown) => error),
      ),
    );
    for (const answer of answers)
      expect(answer).toMatchObject({ code: 'HANDSHAKE_REFUSED', detail: 'The handshake was refused.' });
    await caller.call('agent.revoke', { did: agent.did });
    await expect(caller.call('handshake.redeem', redemption(agent))).rejects.toMatchObject({
      code: 'HANDSHAKE_REFUSED',
    });
    expect(await publishedTypes('iam.feed')).toContain('concordat.iam.handshake.refused.v1');
  });

  it('refuses an expired challenge', async () => {
    const agent = newAgent();
    await register(agent);
    const proof = redemption(agent, { expiresAt: new Date(Date.now() - 1).toISOString() });
    await expect(caller.call('handshake.redeem', proof)).rejects.toMatchObject({ code: 'CHALLENGE_EXPIRED' });
  });

  it('erases name and metadata of an agent, in the store and in its files', async () => {
    const agent = newAgent();
    await register(agent, { name: 'Erasable-4711' });
    const inFiles = (): boolean =>
      readdirSync(join(bench.folder, 'iam')).some((name) =>
        readFileSync(join(bench.folder, 'iam', name)).includes('Erasable-4711'),
      );
    expect(inFiles()).toBe(true);
    const { output } = await caller.call('agent.erase', { did: agent.did }, { commandId: 'e1' });
    expect((await caller.call('agent.get', { did: agent.did })).output).toMatchObject({
      status: 'erased',
      name: null,
      metadata: null,
    });
    expect((await caller.call('agent.erase', { did: agent.did }, { commandId: 'e1' })).output).toEqual(
      output,
    );
    expect((await caller.call('agent.list', { name: 'Erasable' })).output.items).toEqual([]);
    expect(inFiles()).toBe(false);
  });

  it('shows a new API key once, keeps its hash only, and revokes it', async () => {
    const input = { name: 'ci', scopes: ['read' as const], expiresInSeconds: 60 };
    const { output } = await caller.call('apiKey.create', input, { commandId: 'k1' });
    await expect(caller.call('apiKey.create', input, { commandId: 'k1' })).rejects.toMatchObject({
      code: 'SECRET_ALREADY_SHOWN',
    });
    const files = readdirSync(join(bench.folder, 'iam')).map((name) =>
      readFileSync(join(bench.folder, 'iam', name)),
    );
    expect(files.some((bytes) => bytes.includes(output.id))).toBe(true);
    expect(files.some((bytes) => bytes.includes(output.key.slice(21, 60)))).toBe(false);
    expect((await caller.call('apiKey.revoke', { id: output.id })).output.status).toBe('revoked');
    await expect(caller.call('apiKey.revoke', { id: 'f'.repeat(16) })).rejects.toMatchObject({
      code: 'API_KEY_UNKNOWN',
    });
  });

  it('lets only keys of the default tenant open another tenant', async () => {
    const input = { name: 'x', scopes: ['read' as const], tenant: 'acme' };
    expect((await caller.call('apiKey.create', input)).output.tenant).toBe('acme');
    await expect(
      caller.call('apiKey.create', { ...input, tenant: 'default' }, { principal: administrator('acme') }),
    ).rejects.toMatchObject({
      code: 'SCOPE_MISSING',
    });
  });

  it('serves the whole directory in chunks, each entry with its position', async () => {
    const dids = new Set<string>();
    const kinds = new Set<string>();
    let cursor: string | undefined;
    do {
      const { output } = await caller.call('directory.snapshot', cursor ? { cursor } : {});
      for (const { entry, at } of output.items) {
        kinds.add(entry.kind);
        expect(at.position).toBeGreaterThan(0);
        if (entry.kind === 'agent') dids.add(`${entry.tenant} ${entry.did}`);
      }
      cursor = output.nextCursor ?? undefined;
    } while (cursor);
    expect([...kinds].sort()).toEqual(['agent', 'apiKey', 'signingKey']);
    const { output } = await caller.call('agent.list', { limit: 500 });
    for (const { did } of output.items) expect(dids).toContain(`default ${did}`);
  });

  it('says when it has not reached a position yet', async () => {
    const beyond = { iam: { epoch: Number.MAX_SAFE_INTEGER, position: 1 } };
    const early = caller.call('agent.list', {}, { minPosition: beyond, isPatient: false });
    await expect(early).rejects.toMatchObject({ code: 'POSITION_NOT_REACHED' });
  });

  it('remembers everything after a restart, makes no second key, and publishes nothing twice', async () => {
    const { output } = await register();
    const before = await log.head('iam');
    await app.close();
    app = await startIam(bench);
    expect((await caller.call('agent.get', { did: output.did })).output).toEqual(output);
    expect((await log.head('iam'))!.at).toEqual(before!.at);
    const types = await publishedTypes('iam');
    expect(types.filter((type) => type === 'concordat.iam.signing-key.activated.v1')).toHaveLength(1);
  });

  it('fills a Redis that came back empty from its store', async () => {
    const types = await publishedTypes('iam');
    const redis = commandNode({ url: bench.redis.durable.url, name: 'wipe' });
    await eventually(() => redis.flushall());
    redis.disconnect();
    await eventually(async () => expect(await publishedTypes('iam')).toEqual(types));
  });
});
