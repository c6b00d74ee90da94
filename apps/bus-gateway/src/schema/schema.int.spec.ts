import {
  limits,
  type OperationRequest,
  operations,
  type Principal,
  SchemaRegistered,
} from '@concordat/contracts';
import { startRedis } from '@concordat/processes';
import { type OperationContext, systemClock } from '@concordat/runtime';
import { commandNode, type FeedEvent, whenReady } from '@concordat/streams';
import { administrator } from '@concordat/testing';
import type Redis from 'ioredis';
import { PayloadCheck } from './payload-check';
import { schemaHandlers } from './schema.handler';
import { SchemaStore } from './schema-store';

type Put = OperationRequest<'schema.put'>;

const text = { type: 'object', properties: { name: { type: 'string' } } };
const closed = { ...text, additionalProperties: false };

describe('schemas of payloads', () => {
  let server: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let store: SchemaStore;
  const fed: FeedEvent[] = [];
  let isFeedFull = false;

  beforeAll(async () => {
    server = await startRedis();
    redis = commandNode({ url: server.url, name: 'test' });
    await whenReady(redis, 5_000);
    store = new SchemaStore(redis);
  });
  beforeEach(async () => {
    await redis.flushall();
    fed.splice(0);
    isFeedFull = false;
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const feed = {
    append: async (event: FeedEvent): Promise<void> => {
      if (isFeedFull) throw new Error('full');
      fed.push(event);
    },
  };
  const context = (principal: Principal): OperationContext => ({
    ...{ operation: 'schema.put', principal, commandId: 'c', minPosition: {} },
    ...{ conversation: null, traceparent: null, address: null },
  });
  const handlers = () => schemaHandlers({ store, feed, clock: systemClock });
  const put = (input: Put, tenant = 'default') =>
    handlers()['schema.put'](operations['schema.put'].input.parse(input), context(administrator(tenant)));
  const register = (schema: Put['schema'], over: Partial<Put> = {}, tenant?: string) =>
    put({ type: 'order.created', version: 1, schema, ...over }, tenant);
  const get = (version: number, tenant?: string) =>
    handlers()['schema.get']({ type: 'order.created', version }, context(administrator(tenant)));
  const list = (input: OperationRequest<'schema.list'>, tenant?: string) =>
    handlers()['schema.list'](operations['schema.list'].input.parse(input), context(administrator(tenant)));
  const code = (asked: Promise<unknown>) =>
    asked.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );

  describe('a version', () => {
    it('that is registered is there for the tenant, and for nobody else', async () => {
      const { output } = await register(text);
      expect(output).toMatchObject({ type: 'order.created', version: 1, encoding: 'json', schema: text });
      expect((await get(1)).output).toEqual(output);
      expect(await code(get(1, 'acme'))).toBe('SCHEMA_UNKNOWN');
      expect((await list({}, 'acme')).output.items).toEqual([]);
    });

    it('is the same when it is registered again, and no other', async () => {
      const first = await register(text);
      expect(await register(text)).toEqual(first);
      expect(await code(register(closed))).toBe('SCHEMA_VERSION_TAKEN');
      expect(await code(register(text, { compatibility: 'none' }))).toBe('SCHEMA_VERSION_TAKEN');
      expect(fed).toHaveLength(1);
    });

    it('follows the one before', async () => {
      expect(await code(register(text, { version: 2 }))).toBe('SCHEMA_VERSION_SKIPPED');
      await register(text);
      await register({ ...text, title: 'x' }, { version: 2 });
      expect((await list({})).output.items).toEqual([{ type: 'order.created', latestVersion: 2 }]);
    });

    it('that may refuse older payloads needs a word for it', async () => {
      await register(text);
      await expect(register(closed, { version: 2 })).rejects.toMatchObject({
        code: 'SCHEMA_INCOMPATIBLE',
        errors: [{ pointer: '/schema/additionalProperties' }],
      });
      const proto = { proto: 'message A {}', message: 'A' };
      await expect(register(proto, { version: 2, encoding: 'protobuf' })).rejects.toMatchObject({
        code: 'SCHEMA_INCOMPATIBLE',
        errors: [{ pointer: '/encoding' }],
      });
      const { output } = await register(closed, { version: 2, compatibility: 'none' });
      expect(output.compatibility).toBe('none');
    });

    it('that is no schema is refused, and nothing is kept', async () => {
      expect(await code(register({ type: 'text' }))).toBe('SCHEMA_INVALID');
      expect((await list({})).output.items).toEqual([]);
      expect(fed).toEqual([]);
    });

    it('of two that come at once is one', async () => {
      const outcomes = await Promise.all([text, closed, text].map((schema) => code(register(schema))));
      expect(outcomes.filter((outcome) => outcome === 'ok').length).toBeGreaterThan(0);
      const { output } = await get(1);
      expect(outcomes).toEqual(
        [text, closed, text].map((schema) =>
          JSON.stringify(output.schema) === JSON.stringify(schema) ? 'ok' : 'SCHEMA_VERSION_TAKEN',
        ),
      );
    });

    it('is in the audit feed before it is answered; a feed that was full is made up for', async () => {
      isFeedFull = true;
      await expect(register(text)).rejects.toThrow('full');
      isFeedFull = false;
      await register(text);
      await register(text);
      expect(fed).toMatchObject([
        { spec: SchemaRegistered, tenant: 'default', data: { type: 'order.created', version: 1 } },
      ]);
      expect(SchemaRegistered.data.safeParse(fed[0]!.data).success).toBe(true);
    });

    it('is listed by pages', async () => {
      for (const type of ['b', 'a', 'c']) await put({ type, version: 1, schema: {} });
      const { output } = await list({ limit: 2 });
      expect(output).toMatchObject({ items: [{ type: 'a' }, { type: 'b' }], nextCursor: 'b' });
      expect((await list({ limit: 2, cursor: 'b' })).output).toMatchObject({
        items: [{ type: 'c' }],
        nextCursor: null,
      });
    });
  });

  describe('more than a tenant may have', () => {
    const base = 'cc:{schemas.default}';

    it('of types is refused; a type that is there goes on', async () => {
      await register({});
      await redis.hset(
        `${base}:latest`,
        Object.fromEntries(Array.from({ length: limits.schemaTypes - 1 }, (_, at) => [`t${at}`, 1])),
      );
      expect(await code(put({ type: 'one-more', version: 1, schema: {} }))).toBe('SCHEMA_LIMIT_REACHED');
      expect(await code(put({ type: 'one-more', version: 1, schema: {} }, 'acme'))).toBe('ok');
      expect(await code(register({}, { version: 2 }))).toBe('ok');
    });

    it('of bytes is refused', async () => {
      await redis.set(`${base}:bytes`, limits.schemaStoreBytes);
      expect(await code(register({}))).toBe('SCHEMA_LIMIT_REACHED');
    });

    it('of versions, or of bytes of one, is no input', () => {
      const parse = (over: Partial<Put>) =>
        operations['schema.put'].input.safeParse({ type: 'a', version: 1, schema: {}, ...over }).success;
      expect(parse({})).toBe(true);
      expect(parse({ version: limits.schemaVersions + 1 })).toBe(false);
      expect(parse({ schema: { title: 'x'.repeat(limits.schemaBytes) } })).toBe(false);
      expect(parse({ type: '../x' })).toBe(false);
    });
  });

  describe('the check of a payload', () => {
    let nowMs = 0;
    const payloads = () => new PayloadCheck(store, () => nowMs);

    it('names the version that it satisfies, and the place where it does not', async () => {
      await register(text);
      await register({ ...text, title: 'x' }, { version: 2 });
      const check = payloads();
      expect(await check.check('default', 'order.created', { name: 'Ada' })).toBe('order.created/2');
      expect(await check.check('default', 'order.created/1', { name: 'Ada' })).toBe('order.created/1');
      await expect(check.check('default', 'order.created/1', { name: 7 })).rejects.toMatchObject({
        code: 'PAYLOAD_INVALID',
        errors: [{ pointer: '/payload/name', message: 'must be string' }],
      });
    });

    it('knows no schema of another tenant, and none that is not there', async () => {
      await register(text, {}, 'acme');
      for (const name of [
        'order.created',
        'order.created/1',
        'order.created/2',
        'constructor',
        '__proto__/1',
      ])
        expect([name, await code(payloads().check('default', name, {}))]).toEqual([name, 'SCHEMA_UNKNOWN']);
    });

    it('learns of a version within the bound, and of a first one at once', async () => {
      const check = payloads();
      expect(await code(check.check('default', 'order.created', {}))).toBe('SCHEMA_UNKNOWN');
      await register(text);
      expect(await check.check('default', 'order.created', {})).toBe('order.created/1');
      await register(text, { version: 2 });
      nowMs += limits.schemaAgeMs - 1;
      expect(await check.check('default', 'order.created', {})).toBe('order.created/1');
      nowMs += 1;
      expect(await check.check('default', 'order.created', {})).toBe('order.created/2');
    });

    it('is compiled once, whoever asks meanwhile', async () => {
      await register(text);
      let asked = 0;
      const counting = {
        latest: store.latest.bind(store),
        get: (...name: Parameters<SchemaStore['get']>) => (asked++, store.get(...name)),
      };
      const check = new PayloadCheck(counting, () => nowMs);
      await Promise.all(Array.from({ length: 50 }, () => check.check('default', 'order.created/1', {})));
      expect(asked).toBe(1);
    });

    it('that would compile for too long a time is put off, for this tenant alone', async () => {
      for (const tenant of ['default', 'acme'])
        for (const type of ['a', 'b', 'c']) await put({ type, version: 1, schema: {} }, tenant);
      // Every look at the clock takes 600 ms: two compilations are more than is allowed.
      const check = new PayloadCheck(store, () => (nowMs += 600));
      expect(await check.check('default', 'a/1', 1)).toBe('a/1');
      expect(await check.check('default', 'b/1', 1)).toBe('b/1');
      expect(await code(check.check('default', 'c/1', 1))).toBe('OVERLOADED');
      expect(await check.check('default', 'a/1', 1)).toBe('a/1');
      expect(await check.check('acme', 'c/1', 1)).toBe('c/1');
      nowMs += 10_000;
      expect(await check.check('default', 'c/1', 1)).toBe('c/1');
    });
  });
});
