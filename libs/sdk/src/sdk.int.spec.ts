import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
// eslint-disable-next-line @nx/enforce-module-boundaries -- a test
import { eventually } from '@concordat/testing';
import * as sdk from './index';
import { Concordat, newAgentKey, proveNewKey, verifyMessage } from './index';
import { startLossyProxy } from './lossy-proxy.fixture';
import { type RunningSystem, startSystem } from './system.fixture';

let system: RunningSystem;
let admin: Concordat;
beforeAll(async () => {
  system = await startSystem();
  admin = new Concordat({ url: system.urls, credential: { apiKey: system.adminKey } });
}, 60_000);
afterAll(() => system.stop());

/** A registered agent. @param urls the gateways it talks to */
async function newAgent(name: string, urls = system.urls) {
  const { secretKey, publicKey } = newAgentKey();
  await admin.agents.register({ name, type: 'CLAUDE', publicKey });
  const client = new Concordat({ url: urls, credential: { secretKey } });
  return { client, did: client.did!, secretKey };
}

/** Ben replies to everything, Ada reads the replies: how often each payload had its effect on either side. */
function talk(ada: Concordat, ben: Concordat) {
  const effects = new Map<string, number>();
  const replies = new Map<string, number>();
  const count = (counts: Map<string, number>, payload: unknown): void => {
    const name = JSON.stringify(payload);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  };
  const options = { concurrency: 4, leaseSeconds: 2, waitSeconds: 2, onError: () => undefined };
  const librarian = ben.inbox.subscribe(async (message) => {
    await message.reply({ to: message.payload });
    count(effects, message.payload);
  }, options);
  const reader = ada.inbox.subscribe(({ payload }) => count(replies, payload), options);
  return { effects, replies, stop: () => Promise.all([librarian.stop(), reader.stop()]) };
}

describe('with real gateways', () => {
  it('a managed identity goes on under another key, and the old one gets it nowhere', async () => {
    const [old, next] = [newAgentKey(), newAgentKey()];
    const { did, authKeyId } = await admin.agents.register({
      ...{ name: 'cleo', type: 'CLAUDE', publicKey: old.publicKey, didMethod: 'web' },
    });
    const open = (secretKey: string) => new Concordat({ url: system.urls, credential: { secretKey, did } });
    const before = open(old.secretKey);
    expect(await before.agents.get({ did })).toMatchObject({ did, authKeyId });
    const facts = { did, oldKeyId: authKeyId, secretKey: next.secretKey };
    // A token alone, which can be copied, does not replace the key that it was given for.
    await expect(before.agents.rotateKey(proveNewKey(facts))).rejects.toMatchObject({
      code: 'KEY_PROOF_INVALID',
    });
    const proof = proveNewKey({ ...facts, currentKey: old.secretKey });
    expect((await before.agents.rotateKey(proof)).authKeyId).not.toBe(authKeyId);
    await expect(open(old.secretKey).login()).rejects.toMatchObject({ code: 'HANDSHAKE_REFUSED' });
    const after = open(next.secretKey);
    expect(await after.whoami()).toMatchObject({ kind: 'agent', id: did });
    expect((await after.agents.keys({ did })).items).toMatchObject([
      { kid: authKeyId },
      { validUntil: null },
    ]);
    const { body } = await after.agents.document({ did });
    const document = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    expect(document).toMatchObject({ id: did, verificationMethod: [{ publicKeyMultibase: next.publicKey }] });
    await expect(
      after.agents.suspend({ did: did.replace(/.$/, (c) => (c === '0' ? '1' : '0')) }),
    ).rejects.toMatchObject({
      code: 'POLICY_DENIED',
    });
  });

  it('agents talk, each through a gateway of its own', async () => {
    const ada = await newAgent('ada', [system.urls[0]!]);
    const ben = await newAgent('ben', [system.urls[1]!]);
    const answers: unknown[] = [];
    const librarian = ben.client.inbox.subscribe((message) => message.reply({ answer: 42 }));
    const reader = ada.client.inbox.subscribe(({ payload, correlationId }) =>
      answers.push([payload, correlationId]),
    );
    const sent = await ada.client.callWithMeta('message.send', {
      ...{ to: ben.did, type: 'QUERY', payload: '6 × 7?', correlationId: 'c-1' },
    });
    await eventually(() => expect(answers).toEqual([[{ answer: 42 }, 'c-1']]));
    await Promise.all([librarian.stop(), reader.stop()]);
    expect(await ada.client.messages.get({ id: sent.output.id })).toMatchObject({
      status: 'DELIVERED',
      attempts: 1,
    });
    expect(sent).toMatchObject({ status: 202, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) });
    expect(await ada.client.whoami()).toMatchObject({ kind: 'agent', id: ada.did });
  });

  it('requests are answered to whom asked, whatever else comes to the inbox', async () => {
    const [ada, ben] = [await newAgent('ada', [system.urls[0]!]), await newAgent('ben', [system.urls[1]!])];
    const others: unknown[] = [];
    const reader = ada.client.inbox.subscribe(({ payload }) => void others.push(payload));
    const service = ben.client.inbox.subscribe(async (message) => {
      await ben.client.messages.send({ to: ada.did, type: 'EVENT', payload: 'by the way' });
      await message.reply({ to: message.payload });
    });
    const ask = (payload: number) => ada.client.messages.request({ to: ben.did, payload });
    const replies = await Promise.all([1, 2, 3].map(ask));
    expect(replies.map(({ payload }) => payload)).toEqual([{ to: 1 }, { to: 2 }, { to: 3 }]);
    await eventually(() => expect(others).toEqual(['by the way', 'by the way', 'by the way']));
    await service.stop();
    const late = ada.client.messages.request({ to: ben.did, payload: 4 }, { timeoutMs: 500 });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await reader.stop();
  });

  it('a group shares the messages of a topic, and gets back what a consumer could not handle', async () => {
    const [ada, ben] = [await newAgent('ada'), await newAgent('ben', [...system.urls].reverse())];
    const group = { name: `news-${randomUUID()}`, group: 'readers' };
    await admin.topics.create({ name: group.name });
    await admin.subscriptions.put(group);
    const handled: unknown[] = [];
    const failures: unknown[] = [];
    const options = { onError: (error: unknown) => failures.push(error) };
    const consumers = [ada, ben].map(({ client }) =>
      client.topics.subscribe(
        group,
        ({ payload, attempt }) => {
          if (payload === 0 && attempt === 1) throw new Error('not now');
          handled.push(payload);
        },
        options,
      ),
    );
    for (let i = 0; i < 6; i++)
      await ada.client.messages.send(
        { to: `topic:${group.name}`, type: 'EVENT', payload: i },
        { minPosition: admin.positions },
      );
    await eventually(() => expect([...handled].sort()).toEqual([0, 1, 2, 3, 4, 5]), 15_000);
    expect(failures).toMatchObject([{ message: 'not now' }]);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
  });

  it('a message is proven by its signature, a delayed one too', async () => {
    const [ada, ben] = [await newAgent('ada'), await newAgent('ben')];
    const { items: keys } = await ben.client.agents.keys({ did: ada.did });
    const verdicts: unknown[] = [];
    const reader = ben.client.inbox.subscribe((message) => {
      const forged = { ...message, payload: { pay: 1_000 } };
      verdicts.push([verifyMessage(message, keys), verifyMessage(forged, keys)]);
    });
    const message = { to: ben.did, type: 'COMMAND', payload: { pay: 1 }, ttlSeconds: 60 } as const;
    await ada.client.messages.send({ ...message, delaySeconds: 1 }, { sign: true });
    await ada.client.messages.sendBatch({ messages: [message] }, { sign: true });
    await eventually(() => expect(verdicts).toEqual([1, 2].map(() => [true, false])), 15_000);
    await reader.stop();
  });

  it('what was written at one gateway is read at the other', async () => {
    const [first, second] = system.urls.map(
      (url) => new Concordat({ url, credential: { apiKey: system.adminKey } }),
    );
    for (let i = 0; i < 10; i++) {
      const { publicKey } = newAgentKey();
      const { did } = await first!.agents.register({
        name: 'x',
        type: 'CLINE',
        publicKey,
      });
      const send = { to: did, type: 'EVENT', payload: i } as const;
      await second!.messages.send(send, { minPosition: first!.positions });
    }
  });

  it('a stranger is refused, and so is a wrong key for an agent', async () => {
    const stranger = new Concordat({
      url: system.urls,
      credential: { secretKey: newAgentKey().secretKey },
    });
    await expect(stranger.whoami()).rejects.toMatchObject({ code: 'HANDSHAKE_REFUSED', status: 401 });
    const wrong = new Concordat({
      url: system.urls,
      credential: { apiKey: system.adminKey.replace(/.$/, 'x') },
    });
    await expect(wrong.whoami()).rejects.toMatchObject({ code: 'CREDENTIAL_INVALID' });
    await expect(admin.inbox.fetch()).rejects.toMatchObject({
      code: 'AGENT_REQUIRED',
      fix: expect.any(String),
    });
  });

  it('a subscription of an agent that is revoked ends', async () => {
    const { client, did } = await newAgent('leaving');
    const errors: unknown[] = [];
    const { closed } = client.inbox.subscribe(() => undefined, {
      waitSeconds: 1,
      onError: (e) => errors.push(e),
    });
    await client.whoami();
    await admin.agents.revoke({ did });
    expect(await closed).toMatchObject({ code: 'HANDSHAKE_REFUSED' });
    expect(errors).toHaveLength(1);
  });

  it('every message has one effect and one reply, though every third answer is lost', async () => {
    const proxies = await Promise.all(system.urls.map((url) => startLossyProxy(url, 3)));
    const [ada, ben] = [await newAgent('ada', [proxies[0]!.url]), await newAgent('ben', [proxies[1]!.url])];
    const messages = 24;
    const { effects, replies, stop } = talk(ada.client, ben.client);
    await Promise.all(
      Array.from({ length: messages }, (_, i) =>
        ada.client.messages.send({ to: ben.did, type: 'QUERY', payload: i }),
      ),
    );
    await eventually(() => expect([effects.size, replies.size]).toEqual([messages, messages]), 60_000);
    await stop();
    expect([...effects.values(), ...replies.values()].filter((times) => times !== 1)).toEqual([]);
    expect(Math.min(...proxies.map(({ lost }) => lost()))).toBeGreaterThan(5);
    await Promise.all(proxies.map((proxy) => proxy.close()));
  }, 120_000);

  it('every message has one effect and one reply, whatever is killed meanwhile', async () => {
    const ada = await newAgent('ada');
    const ben = await newAgent('ben', [...system.urls].reverse());
    const { effects, replies, stop } = talk(ada.client, ben.client);
    const victims = ['bus-1', 'iam-1', 'bus-2'] as const;
    const messages = 50;
    for (let i = 0; i < messages; i++) {
      await ada.client.messages.send({ to: ben.did, type: 'QUERY', payload: i });
      if (i % 10 === 5) system.kill(victims[((i - 5) / 10) % 3]!);
      if (i === 20) await system.bench.redis.rpc.kill9();
      if (i === 40) await system.bench.redis.durable.kill9();
    }
    await eventually(() => expect([effects.size, replies.size]).toEqual([messages, messages]), 60_000);
    await stop();
    expect([...effects.values(), ...replies.values()].filter((times) => times !== 1)).toEqual([]);
  }, 120_000);
});

it('the example of the README runs', async () => {
  const { secretKey } = await newAgent('reader');
  const readme = readFileSync(join(__dirname, '..', 'README.md'), 'utf8');
  const [, code] = /```js\n([\s\S]*?)```/.exec(readme)!;
  expect(code!.trim().split('\n').length).toBeLessThanOrEqual(10);
  const printed: unknown[] = [];
  const run = new Function(
    ...['require', 'console', 'secretKey'],
    `return (async () => { ${code!.replace('http://127.0.0.1:7400', system.urls[0]!)} return inbox; })();`,
  ) as (...args: unknown[]) => Promise<sdk.Subscription>;
  const inbox = await run(() => sdk, { log: (...words: unknown[]) => printed.push(words) }, secretKey);
  await eventually(() => expect(printed).toEqual([['the answer is', 42]]));
  await inbox.stop();
});
