import { randomBytes } from 'node:crypto';
import { eventually } from '@concordat/testing';
import { find, type Haystack } from './canary-search';
import { logIn, request } from './http';
import { OtlpReceiver } from './otlp-receiver';
import { files, postgresContent, redisContent, sqliteContent } from './stores';
import { System } from './system';

const canary = (name: string): string => `CANARY-${name}-${randomBytes(12).toString('hex')}`;

/** Kept where secrets may not be: found by the same search, so that finding nothing means something. */
const [message, correlation, agentName] = [canary('message'), canary('correlation'), canary('agent')];
const [memory, memoryKey] = [canary('memory'), canary('key')];
const [password, email] = [canary('password'), `${canary('email')}@example.org`.toLowerCase()];

describe('secrets after a day of work', () => {
  let receiver: OtlpReceiver;
  let system: System;
  let stores: Haystack[];
  const secrets = new Map<string, string>();

  beforeAll(async () => {
    receiver = await OtlpReceiver.start();
    system = await System.start({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint,
      CONCORDAT_LOG_LEVEL: 'trace',
    });
    const [ada, bob] = [await system.registered(agentName), await system.registered('Bob')];
    const [asAda, asBob] = [system.client(ada, 0), system.client(bob, 1)];
    await asAda.vault().put({ key: memoryKey, content: { secret: memory } });
    await asAda.vault().get({ key: memoryKey });
    await asAda.vault().grant({ grantee: bob.did, scopes: ['read'] });
    await asBob.vault(ada.did).get({ key: memoryKey });
    await asAda.messages.send({
      to: bob.did,
      type: 'EVENT',
      payload: { message },
      correlationId: correlation,
    });
    await asBob.inbox.fetch({ waitSeconds: 10 });
    const { key } = await eventually(() => system.admin().apiKeys.create({ name: 'ci', scopes: ['read'] }));
    await request(`${system.url(1)}/v1/agents`, { headers: { authorization: `ApiKey ${key}` } });
    const token = (await logIn(system.url(1), ada)).slice('Bearer '.length);
    await request(`${system.url(0)}/v1/agents`, { headers: { authorization: `Bearer ${token}` } });
    const roles = ['user' as const];
    await system.admin().users.create({ email, name: 'Grace', roles, password });
    // An answer that was lost is not given again: it held a secret.
    const session = await eventually(() => system.admin(1).sessions.login({ email, password }));
    await system.admin(0).users.list({ email });
    for (const body of [
      { email, password: `${password}!` },
      { email: `x${email}`, password },
      { email, password, tenant: password },
    ])
      await request(`${system.url(0)}/v1/auth/login`, { method: 'POST', body });
    await request(`${system.url(0)}/v1/auth/refresh`, {
      method: 'POST',
      body: { refreshToken: `${session.refreshToken}0` },
    });
    // Refused, logged and audited too: also then a secret stays a secret.
    for (const broken of [`${token}x`, `${key}0`, memory]) {
      await request(`${system.url(0)}/v1/agents`, { headers: { authorization: `Bearer ${broken}` } });
      await request(`${system.url(0)}/v1/agents`, { headers: { authorization: `ApiKey ${broken}` } });
    }
    await request(`${system.url(0)}/v1/vault/${ada.did}/memories/k`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}` },
      body: `{"content":"${memory}`,
    });
    await request(`${system.url(0)}/v1/messages`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: { to: memory },
    });

    secrets.set('a memory', memory).set('the key of a memory', memoryKey);
    secrets.set('an access token', token).set('the signature of a token', token.split('.')[2]!);
    secrets.set('a password', password).set('a refresh token', session.refreshToken);
    secrets
      .set('an API key', key)
      .set('the secret of an API key', key.slice(21))
      .set('the first API key', system.adminKey);

    await eventually(async () => {
      const { items } = await system.admin().audit.messages({ correlationId: correlation });
      expect(items).toHaveLength(1);
    });
    await eventually(() =>
      expect(receiver.spans.some(({ name }) => name === 'process memory.put')).toBe(true),
    );
    stores = [
      ...files(system),
      ...sqliteContent(system),
      ...(await redisContent(system, 'redis')),
      ...(await redisContent(system, 'redis-rpc')),
      ...(await postgresContent(system)),
      ...receiver.bodies.map((bytes, i) => ({ name: `spans ${i}`, bytes })),
    ];
  });
  afterAll(async () => {
    await system.stop();
    await receiver.stop();
  });

  it.each([
    ['a message', message, /^redis cc:\{bus\.\d\}/],
    ['a message', message, /^redis\/.*aof/],
    ['a correlation id', correlation, /^dump of public\./],
    ["an agent's name", agentName, /^dump of iam\/iam\.db/],
    ["a user's address", email, /^dump of iam\/iam\.db/],
    ['the name of an operation', 'memory.put', /^spans/],
    ['a word of a log', 'directory loaded', /^logs\/bus-gateway/],
    ['an offer of a session', 'offers', /^redis-rpc cc:\{rpc\./],
  ])('%s is found where it may be (%#)', (_, text, place) => {
    expect(find(stores, text).filter((name) => place.test(name))).not.toEqual([]);
  });

  it.each([
    'a memory',
    'the key of a memory',
    'an access token',
    'the signature of a token',
    'an API key',
    'the secret of an API key',
    'the first API key',
    'a password',
    'a refresh token',
  ])('%s is found nowhere', (name) => expect(find(stores, secrets.get(name)!)).toEqual([]));

  it('a message is not in clear in PostgreSQL, and a name not in Redis', () => {
    expect(find(stores, message).filter((name) => /postgres|public\./.test(name))).toEqual([]);
    expect(find(stores, agentName).filter((name) => name.startsWith('redis'))).toEqual([]);
    expect(find(stores, email).filter((name) => !/iam\/iam\.db/.test(name))).toEqual([]);
  });
});
