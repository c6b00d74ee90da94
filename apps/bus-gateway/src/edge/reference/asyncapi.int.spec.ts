import { streamKeys } from '@concordat/streams';
import { eventually } from '@concordat/testing';
import Ajv from 'ajv';
import Redis from 'ioredis';
import { type DoorBench, startDoorBench } from '../../door.fixture';

/** Fields and values in turn as an object. */
const toFields = (entry: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    entry.flatMap((name, index) => (index % 2 === 0 ? [[name, entry[index + 1]!] as const] : [])),
  );

describe('what the gateway serves as /asyncapi.json', () => {
  let doors: DoorBench;
  let redis: Redis;
  let ajv: Ajv;
  let knownHeaders: string[];
  beforeAll(async () => {
    doors = await startDoorBench();
    redis = new Redis(doors.bench.redis.durable.url);
    const document = (await (await ask('/asyncapi.json')).json()) as {
      components: { schemas: { EventHeaders: { properties: object } } };
    };
    knownHeaders = Object.keys(document.components.schemas.EventHeaders.properties);
    ajv = new Ajv({ strict: false, validateFormats: false }).addSchema(document, 'document');
  });
  afterAll(async () => {
    await redis.quit();
    await doors.stop();
  });

  const ask = (path: string, body?: unknown): Promise<Response> =>
    fetch(doors.gateway.url + path, {
      headers: { authorization: doors.authorization.agent, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
  const check = (schema: string, value: unknown): void => {
    const validate = ajv.compile({ $ref: `document#/${schema}` });
    expect([validate(value), validate.errors]).toEqual([true, null]);
  };
  const entriesOf = async (source: string): Promise<Record<string, string>[]> =>
    (await redis.xrange(streamKeys.events(source), '-', '+')).map(([, entry]) => toFields(entry));

  it('describes what is sent, fetched and acknowledged', async () => {
    const message = { to: doors.agent.did, type: 'EVENT', payload: { a: 1 }, correlationId: 'c-1' };
    check('components/messages/http.message.send.request/payload', message);
    check(
      'components/messages/http.message.send.reply/payload',
      await (await ask('/v1/messages', message)).json(),
    );
    const fetched = (await (await ask('/v1/inbox?waitSeconds=5')).json()) as {
      items: { deliveryToken: string }[];
    };
    expect(fetched.items.length).toBe(1);
    check('components/messages/http.inbox.fetch.reply/payload', fetched);
    const tokens = { tokens: fetched.items.map(({ deliveryToken }) => deliveryToken) };
    check('components/messages/http.inbox.ack.request/payload', tokens);
    check(
      'components/messages/http.inbox.ack.reply/payload',
      await (await ask('/v1/inbox/ack', tokens)).json(),
    );
  });

  it('describes every entry that came of it on the streams', async () => {
    expect((await ask('/v1/api-keys')).status).toBe(403);
    const entries = await eventually(async () => {
      const found = (await Promise.all(['bus.0', 'bus.1', 'bus.feed'].map(entriesOf))).flat();
      expect([...new Set(found.map((entry) => entry['ce_type']))]).toEqual(
        expect.arrayContaining(
          ['message.accepted.v2', 'messages.sent.v1', 'messages.delivered.v1', 'request.refused.v1'].map(
            (name) => `concordat.bus.${name}`,
          ),
        ),
      );
      return found;
    });
    for (const { data, ...headers } of entries) {
      expect(knownHeaders).toEqual(expect.arrayContaining(Object.keys(headers)));
      check(`components/messages/${headers['ce_type']}/headers`, headers);
      check(`components/schemas/${headers['ce_type']}`, JSON.parse(data!));
    }
  });
});
