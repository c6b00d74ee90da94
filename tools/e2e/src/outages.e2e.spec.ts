import { delegationTokenType, findOperation } from '@concordat/contracts';
import { Concordat, type PublicOperationName } from '@concordat/sdk';
import { eventually, newAgent, rotation } from '@concordat/testing';
import { logIn, operationRequest, request } from './http';
import { neededProcess, operationCases, publicOperations, startWorld, type World } from './operation-cases';
import { System } from './system';

const nobody = '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a';

/** In force perhaps, when what is frozen thaws in time: so it must not hurt the others. */
const toNobody = {
  ...{ id: 'r', effect: 'deny', actions: ['agent.erase'] },
  subjects: { ids: ['agent:nobody'] },
};

/** A well-formed input for every operation: whether it would succeed does not matter while nobody can answer. */
const inputs = (world: World): Record<PublicOperationName, object> => ({
  'auth.challenge': { did: world.ada.did },
  'auth.token': {},
  'auth.whoami': {},
  'auth.revoke': { all: false },
  'auth.exchange': {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subjectToken: `dlg_${'f'.repeat(32)}`,
    subjectTokenType: delegationTokenType,
  },
  'delegation.create': { to: world.bob.did, scopes: ['read'] },
  'delegation.get': { id: `dlg_${'f'.repeat(32)}` },
  'delegation.list': {},
  'delegation.revoke': { id: `dlg_${'f'.repeat(32)}` },
  'signingKey.rotate': {},
  'agent.register': { name: 'x', type: 'SERVICE', publicKey: newAgent().publicKeyText },
  'agent.get': { did: world.ada.did },
  'agent.list': {},
  'agent.update': { did: newAgent().did, name: 'x' },
  'agent.suspend': { did: newAgent().did },
  'agent.resume': { did: newAgent().did },
  'agent.rotateKey': rotation(newAgent().did, 'k', newAgent()),
  'agent.verify': { did: newAgent().did, statement: 'x' },
  'agent.keys': { did: world.ada.did },
  'agent.document': { did: world.ada.did },
  'agentType.define': { name: 'X_TYPE' },
  'agentType.list': {},
  'agentType.remove': { name: 'X_TYPE' },
  'did.resolve': { tenant: 'default', id: 'x' },
  'agent.revoke': { did: newAgent().did },
  'agent.erase': { did: newAgent().did },
  'apiKey.create': { name: 'x', scopes: ['read'] },
  'apiKey.get': { id: 'f'.repeat(16) },
  'apiKey.list': {},
  'apiKey.rotate': { id: 'f'.repeat(16) },
  'apiKey.revoke': { id: 'f'.repeat(16) },
  'policy.put': {
    id: 'night',
    description: 'x',
    rules: [toNobody],
  },
  'policy.dryRun': {
    id: 'night',
    description: 'x',
    rules: [toNobody],
  },
  'policy.get': { id: 'builtin-admin' },
  'policy.list': {},
  'policy.remove': { id: 'night' },
  'policy.check': { subject: { kind: 'agent', id: world.ada.did }, action: 'agent.get' },
  'user.create': { email: 'nobody@example.org', name: 'x', roles: ['user'] },
  'user.get': { id: nobody },
  'user.list': {},
  'user.update': { id: nobody, name: 'x' },
  'user.setPassword': { id: nobody, password: 'a heron over the lake' },
  'user.erase': { id: nobody },
  'auth.login': { email: 'nobody@example.org', password: 'a heron over the lake' },
  'auth.refresh': { refreshToken: 'ccr_' },
  'session.list': {},
  'session.revoke': { id: nobody },
  'bridge.put': { did: world.ada.did },
  'bridge.list': {},
  'bridge.delete': { did: newAgent().did },
  'limit.put': { kind: 'agent', id: newAgent().did, requestsPerSecond: 1_000 },
  'limit.get': { kind: 'agent', id: world.ada.did },
  'limit.list': {},
  'limit.delete': { kind: 'agent', id: newAgent().did },
  'message.send': { to: world.bob.did, type: 'EVENT', payload: 1 },
  'message.get': { id: world.messageId },
  'inbox.fetch': {},
  'message.sendBatch': { messages: [{ to: world.bob.did, type: 'EVENT', payload: 1 }] },
  'inbox.ack': { tokens: [`${world.messageId}.x`] },
  'schema.put': { type: 'outage', version: 1, schema: {} },
  'schema.get': { type: 'outage', version: 1 },
  'schema.list': {},
  'schedule.create': {
    message: { to: world.bob.did, type: 'EVENT', payload: 1 },
    cron: '0 0 1 1 *',
  },
  'schedule.get': { id: `sch_${'f'.repeat(32)}` },
  'schedule.list': {},
  'schedule.resume': { id: `sch_${'f'.repeat(32)}` },
  'schedule.delete': { id: `sch_${'f'.repeat(32)}` },
  'inbox.nack': { token: `${world.messageId}.x` },
  'inbox.extend': { tokens: [`${world.messageId}.x`] },
  'topic.create': { name: 'outage' },
  'topic.get': { name: 'outage' },
  'topic.list': {},
  'topic.delete': { name: 'outage' },
  'subscription.put': { name: 'outage', group: 'g' },
  'subscription.list': { name: 'outage' },
  'subscription.delete': { name: 'outage', group: 'g' },
  'subscription.fetch': { name: 'outage', group: 'g' },
  'stream.list': {},
  'stream.get': { name: 'topic:outage' },
  'stream.groups': { name: 'topic:outage' },
  'deadLetter.list': {},
  'deadLetter.get': { id: world.messageId },
  'deadLetter.replay': { ids: [world.messageId] },
  'deadLetter.purge': { id: world.messageId },
  'memory.put': { persona: world.ada.did, key: 'k', content: 1 },
  'memory.get': { persona: world.ada.did, key: 'k' },
  'memory.delete': { persona: world.ada.did, key: 'k' },
  'consent.grant': { persona: world.ada.did, grantee: world.bob.did, scopes: ['read'] },
  'consent.get': { persona: world.ada.did, grantee: world.bob.did },
  'consent.withdraw': { persona: world.ada.did, grantee: world.bob.did },
  'audit.messages': {},
  'audit.conversation': { correlationId: 'x' },
  'audit.history': { did: newAgent().did },
  'audit.statistics': { from: '2026-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' },
  'audit.labels': {},
  'audit.setLabels': { labels: [] },
  'audit.events': {},
  'audit.inclusionProof': { eventId: world.eventId },
  'audit.consistencyProof': { from: 1, to: 2 },
  'audit.checkpoint': {},
  'audit.key': {},
  'audit.tile': { level: '0', index: '000.p/1' },
  'audit.entries': { index: '000.p/1' },
  'governance.log': { mode: 'DRAFT', action: 'x', aim: { actor: 'x', inputConstraints: [], mission: 'x' } },
  'governance.logs': {},
  'governance.import': { lines: ['{}'] },
  'governance.recordMetric': { name: 'x', value: 1 },
  'governance.metrics': {},
  'governance.view': { view: 'v_user_activity' },
  'workflow.start': { name: 'x' },
  'workflow.end': { id: nobody, status: 'failed' },
  'workflow.get': { id: nobody },
  'workflow.list': {},
  'audit.retention': {},
  'audit.setRetention': { events: 90 },
  'audit.runRetention': { dryRun: true },
  'audit.placeHold': { reason: 'outage', correlationId: 'outage' },
  'audit.holds': {},
  'audit.releaseHold': { id: `hold_${'0'.repeat(32)}` },
  'audit.anomalies': {},
  'audit.anomalySettings': {},
  'audit.putAnomalySettings': {},
  'audit.erase': { subject: newAgent().did },
  'audit.erasures': {},
  'audit.startVerification': {},
  'audit.verification': { id: `ver_${'f'.repeat(32)}` },
  'audit.addCheckpoint': { request: 'old 0\n\nexample.org/log\n' },
  'audit.witnessKey': {},
  'audit.witnessedCheckpoint': { originHash: 'f'.repeat(64) },
});

/** Refusals that say "not now": the caller may try again. */
const notNow = ['SERVICE_UNAVAILABLE', 'DIRECTORY_STALE', 'POSITION_NOT_REACHED'];

const parts = ['iam-service', 'vault-service', 'audit-service', 'redis', 'redis-rpc', 'postgres'] as const;

/** Keys and the latest checkpoint; and a witness knows without a look into the database which logs it does not know. */
const inMemory = [
  'audit.key',
  'audit.checkpoint',
  'audit.witnessKey',
  'audit.addCheckpoint',
  'audit.witnessedCheckpoint',
];

/** Operations that cannot be served without a part, because they or their service need it. */
const affectedBy = (frozen: (typeof parts)[number]): PublicOperationName[] =>
  publicOperations.filter((name) => {
    const needed = neededProcess(name);
    if (frozen === 'redis-rpc') return needed !== undefined;
    if (frozen === 'postgres') return needed === 'audit-service' && !inMemory.includes(name);
    return needed === frozen;
  });

interface Asked {
  readonly name: string;
  readonly status: number;
  readonly code: string;
  readonly ms: number;
}

describe('while a part of the system is frozen', () => {
  let system: System;
  let world: World;
  /** A key that a revocation may end: the others are asked with the rest. */
  let spare: string;
  let credentials: Record<'none' | 'credential' | 'agent', Record<string, string>>;

  beforeAll(async () => {
    system = await System.start();
    world = await startWorld(system);
    credentials = {
      none: {},
      credential: { authorization: `ApiKey ${system.adminKey}` },
      agent: { authorization: await logIn(system.url(1), world.ada) },
    };
  });
  afterAll(() => system.stop());

  /** Asks once. */
  async function ask(name: PublicOperationName, input: object): Promise<Asked> {
    const { path, request: prepared } = operationRequest(name, input as Record<string, unknown>);
    const own = credentials[findOperation(name)!.caller as 'none'];
    const credential = name === 'auth.revoke' ? { authorization: `ApiKey ${spare}` } : own;
    const headers = { ...prepared.headers, ...credential };
    const begun = performance.now();
    const { status, body } = await request(`${system.url(1)}${path}`, { ...prepared, headers });
    const ms = Math.round(performance.now() - begun);
    return { name, status, code: (body as { code?: string }).code ?? 'no refusal', ms };
  }

  /** Makes a key, and waits until the gateway that is asked knows it. */
  async function newSpare(): Promise<void> {
    const make = () => world.admin.apiKeys.create({ name: 'spare', scopes: ['read'] });
    spare = (await eventually(make)).key;
    await eventually(() => new Concordat({ url: system.url(1), credential: { apiKey: spare } }).whoami());
  }

  /** Resolves when the gateway no longer believes its directory, which it may for a second. */
  const isStale = (): Promise<void> =>
    eventually(async () =>
      expect(await ask('auth.whoami', {})).toMatchObject({ status: 503, code: 'DIRECTORY_STALE' }),
    );

  it.each(parts)('%s: every operation that needs it says so, and works again afterwards', async (frozen) => {
    const list = affectedBy(frozen);
    await newSpare();
    const { challengeId, challenge } = await world.stranger.call('auth.challenge', { did: world.ada.did });
    const proof = { challengeId, signature: world.ada.sign(challenge) };
    system.suspend(frozen);
    try {
      if (frozen === 'redis-rpc') await isStale();
      const input = (name: PublicOperationName): object =>
        name === 'auth.token' ? proof : inputs(world)[name];
      const answers = await Promise.all(list.map((name) => ask(name, input(name))));
      expect(answers.filter(({ status, code }) => status !== 503 || !notNow.includes(code))).toEqual([]);
      const slowest = Math.max(...answers.map(({ ms }) => ms));
      process.stdout.write(
        `${frozen} frozen: ${answers.length} operations refused, the slowest after ${slowest} ms\n`,
      );
    } finally {
      system.resume(frozen);
    }
    await system.ready();
    for (const name of list) await eventually(() => operationCases[name].succeed(world), 60_000);
  });

  it('challenges are given while everything behind the gateway is frozen, and nobody is let in', async () => {
    const behind = ['iam-service', 'vault-service', 'audit-service', 'redis', 'redis-rpc'];
    behind.forEach((name) => system.suspend(name));
    try {
      await operationCases['auth.challenge'].succeed(world);
      await isStale();
    } finally {
      behind.forEach((name) => system.resume(name));
    }
    await system.ready();
    await eventually(() => operationCases['auth.whoami'].succeed(world));
  });
});
