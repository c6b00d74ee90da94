import type { Delivery } from '@concordat/contracts';
import { feedSource, streamKeys } from '@concordat/streams';
import { newAgent } from '@concordat/testing';
import Redis from 'ioredis';
import { type DoorBench, problemOf, startDoorBench } from '../door.fixture';

const schema = { type: 'object', required: ['id'], properties: { id: { type: 'string' } } };

describe('schemas at a door', () => {
  let doors: DoorBench;
  beforeAll(async () => (doors = await startDoorBench()));
  afterAll(() => doors.stop());

  const ask = (method: string, path: string, who: 'admin' | 'agent', body?: object): Promise<Response> =>
    fetch(`${doors.gateway.url}/v1${path}`, {
      method,
      headers: { authorization: doors.authorization[who], 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });

  it('are registered by an administrator, and read by agents', async () => {
    const put = await ask('PUT', '/schemas/order.created/1', 'admin', { schema });
    expect(put.status).toBe(200);
    const expected = {
      type: 'order.created',
      version: 1,
      encoding: 'json',
      schema,
      compatibility: 'backward',
    };
    expect(await put.json()).toMatchObject(expected);
    expect(await (await ask('GET', '/schemas/order.created/1', 'agent')).json()).toMatchObject(expected);
    expect(await (await ask('GET', '/schemas', 'agent')).json()).toEqual({
      items: [{ type: 'order.created', latestVersion: 1 }],
      nextCursor: null,
    });
    const refused = await problemOf(await ask('PUT', '/schemas/mine/1', 'agent', { schema }));
    expect(refused.code).toBe('SCOPE_MISSING');
  });

  it('are in the audit feed of the gateway when they were registered', async () => {
    const redis = new Redis(doors.bench.settings('bus', 'bus-1').redisUrl);
    const entries = await redis.xrange(streamKeys.events(feedSource('bus')), '-', '+');
    redis.disconnect();
    const registered = entries.filter(([, fields]) => fields.includes('concordat.bus.schema.registered.v1'));
    expect(registered.map(([, fields]) => fields[fields.indexOf('ce_subject') + 1])).toEqual([
      'schema:order.created',
    ]);
  });

  it('hold payloads to them, before anything is kept', async () => {
    const { did } = newAgent();
    const reader = newAgent();
    await doors.iam.register(reader);
    const message = { to: reader.did, type: 'EVENT', schema: 'order.created' };
    const wrong = await problemOf(
      await ask('POST', '/messages', 'admin', { ...message, payload: { id: 7 } }),
    );
    expect(wrong).toMatchObject({
      ...{ code: 'PAYLOAD_INVALID', errors: [{ pointer: '/payload/id', message: 'must be string' }] },
    });
    const nobody = await problemOf(
      await ask('POST', '/messages', 'admin', { ...message, to: did, payload: {} }),
    );
    expect(nobody.code).toBe('RECIPIENT_UNKNOWN');
    const sent = await ask('POST', '/messages', 'admin', { ...message, payload: { id: 'o-1' } });
    expect(sent.status).toBe(202);
    const inbox = await fetch(`${doors.gateway.url}/v1/inbox?waitSeconds=5`, {
      headers: { authorization: await doors.iam.bearer(reader.did) },
    });
    const { items } = (await inbox.json()) as { items: Delivery[] };
    expect(items).toMatchObject([{ payload: { id: 'o-1' }, schema: 'order.created/1' }]);
  });

  it('that are no schemas are refused with the place, and no word of them is logged', async () => {
    const pattern = '(?=canary)x';
    const answer = await ask('PUT', '/schemas/wrong/1', 'admin', { schema: { items: { pattern } } });
    const found = await problemOf(answer);
    expect(found).toMatchObject({ code: 'SCHEMA_INVALID', errors: [{ pointer: '/schema/items/pattern' }] });
    expect(doors.gateway.log.join('')).not.toContain('canary');
  });
});
