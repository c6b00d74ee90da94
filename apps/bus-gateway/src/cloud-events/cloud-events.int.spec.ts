import { limits, problem, problemType } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { problemOf, sendRaw } from '../door.fixture';
import { batch, type EventDoor, type ReceivedEvent, startEventDoor, structured } from './event-door.fixture';

interface Result {
  readonly id?: string;
  readonly problem?: { code: string; errors: { pointer: string }[] };
}

describe('the door of CloudEvents', () => {
  let door: EventDoor;
  beforeAll(async () => (door = await startEventDoor()));
  afterAll(() => door.stop());
  afterEach(async () => expect((await door.get()).status).toBe(204));

  describe('an event that is sent', () => {
    it('in structured mode / is accepted as a message, and comes with its verified sender', async () => {
      const given = door.event({
        time: '2026-01-01T00:00:00+02:00',
        subject: 'é 🚪',
        ext: 5,
        flag: true,
        data: { a: [1] },
      });
      const answer = await door.post({
        ...given,
        messagetype: 'COMMAND',
        priority: 'HIGH',
        correlationid: 'c-1',
      });
      expect([answer.status, answer.headers.get('concordat-position')]).toEqual([
        ...[202, expect.stringMatching(/^bus\.[01]:\d+-\d+$/) as string],
      ]);
      const { id } = (await answer.json()) as { id: string };
      expect(await door.take()).toEqual({
        ...given,
        ...{
          messagetype: 'COMMAND',
          priority: 'HIGH',
          correlationid: 'c-1',
          from: door.sender.did,
          messageid: id,
        },
        ...{ attempt: 1, leaseseconds: 30, deliverytoken: expect.stringContaining(id) as string },
        traceparent: expect.stringMatching(/^00-/) as string,
      });
    });

    it('in binary mode / is the same event, with JSON or with any bytes', async () => {
      const headers = {
        ...{ 'ce-specversion': '1.0', 'ce-id': 'b%20%E2%82%AC', 'ce-source': '/s', 'ce-type': 't' },
        ...{ 'CE-To': door.bench.agent.did, 'ce-ttlseconds': '60', 'ce-traceparent': '00-ab' },
      };
      expect((await door.post('{"a":1}', 'application/json', headers)).status).toBe(202);
      const json = await door.take();
      expect(json).toMatchObject({ id: 'b €', ttlseconds: '60', traceparent: '00-ab', data: { a: 1 } });
      expect(json['datacontenttype']).toBe('application/json');
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      expect((await door.post(bytes, 'image/png', { ...headers, 'ce-id': 'png' })).status).toBe(202);
      const png = await door.take();
      expect(png).toMatchObject({ datacontenttype: 'image/png', from: door.sender.did });
      expect(png).not.toHaveProperty('data');
      expect(Buffer.from(String(png['data_base64']), 'base64')).toEqual(Buffer.from(bytes));
    });

    it('in binary mode without a body or a media type / has no data', async () => {
      const lines = [
        'ce-specversion: 1.0',
        'ce-id: empty',
        'ce-source: /s',
        'ce-type: t',
        `ce-to: ${door.bench.agent.did}`,
      ];
      const head = `POST /v1/events HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ${door.authorization}`;
      const answer = await sendRaw(door.url, `${head}\r\n${lines.join('\r\n')}\r\ncontent-length: 0\r\n\r\n`);
      expect(answer!.status).toBe(202);
      const found = await door.take();
      for (const name of ['data', 'data_base64', 'datacontenttype']) expect(found).not.toHaveProperty(name);
    });

    it('twice / is one message; with other content it is refused, to another recipient it is another', async () => {
      const given = door.event({ data: 1 });
      const answers = await Promise.all([door.post(given), door.post(given)]);
      const [first, second] = (await Promise.all(answers.map((answer) => answer.json()))) as Result[];
      expect(second).toEqual(first);
      expect(await problemOf(await door.post({ ...given, data: 2 }))).toMatchObject({
        ...{ code: 'IDEMPOTENCY_KEY_REUSED', detail: expect.stringContaining('source and id') as string },
      });
      const other = (await (await door.post({ ...given, to: door.sender.did })).json()) as Result;
      expect(other.id).not.toBe(first!.id);
      expect((await door.take())['messageid']).toBe(first!.id);
    });
  });

  describe('a batch', () => {
    it('is accepted event by event, in their order', async () => {
      const events = Array.from({ length: 50 }, (_, n) => door.event({ data: n }));
      const answer = await door.post(events, batch);
      expect(answer.status).toBe(202);
      const { items } = (await answer.json()) as { items: Result[] };
      expect(items).toHaveLength(50);
      const received = (await (await door.get('?count=100', { accept: batch })).json()) as ReceivedEvent[];
      expect(received.map(({ data }) => data)).toEqual(events.map(({ data }) => data));
      expect(received.map(({ messageid }) => messageid)).toEqual(items.map(({ id }) => id));
      await door.ack(...received.map(({ deliverytoken }) => deliverytoken));
    });

    it('with some that are refused / says which and why, and accepts the others', async () => {
      const given = door.event();
      const unknown = newAgent();
      const parts = [
        given,
        door.event({ id: '' }),
        7,
        door.event({ to: unknown.did }),
        { ...given, data: 'other' },
        given,
      ];
      const answer = await door.post([...parts, door.event({ priority: 'x' })], batch);
      expect(answer.status).toBe(207);
      const { items } = (await answer.json()) as { items: Result[] };
      expect(items.map((item) => item.problem?.code ?? 'ok')).toEqual([
        ...[
          'ok',
          'CLOUD_EVENT_INVALID',
          'CLOUD_EVENT_INVALID',
          'RECIPIENT_UNKNOWN',
          'IDEMPOTENCY_KEY_REUSED',
          'ok',
        ],
        'CLOUD_EVENT_INVALID',
      ]);
      for (const { problem: found } of items.filter((item) => item.problem))
        expect(problem.strict().parse(found).type).toBe(problemType(found!.code));
      expect(items[1]!.problem!.errors).toMatchObject([{ pointer: '/id' }]);
      expect(items[6]!.problem!.errors).toMatchObject([{ pointer: '/priority' }]);
      expect(items[5]).toEqual(items[0]);
      await door.take();
    });

    it('that is empty / is accepted; one that is too long is not', async () => {
      const empty = await door.post([], batch);
      expect([empty.status, await empty.json()]).toEqual([202, { items: [] }]);
      const long = Array.from({ length: limits.eventBatchItems + 1 }, () => 0);
      expect(await problemOf(await door.post(long, batch))).toMatchObject({ code: 'CLOUD_EVENT_INVALID' });
    });
  });

  describe('what waits in the inbox', () => {
    it('comes in binary mode for who asks for it', async () => {
      await door.post(
        door.event({ id: 'é', ext: 'a "b"', datacontenttype: 'text/plain; charset=utf-8', data: '<p>ü</p>' }),
      );
      const answer = await door.get('?mode=binary');
      const headers = Object.fromEntries(answer.headers);
      expect(headers).toMatchObject({
        ...{
          'ce-specversion': '1.0',
          'ce-id': '%C3%A9',
          'ce-ext': 'a%20%22b%22',
          'ce-from': door.sender.did,
        },
        ...{ 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
        ...{ 'content-security-policy': "default-src 'none'; sandbox", 'ce-attempt': '1' },
      });
      expect(headers).not.toHaveProperty('ce-datacontenttype');
      expect([answer.status, await answer.text()]).toEqual([200, '<p>ü</p>']);
      await door.ack(headers['ce-deliverytoken']!);
    });

    it('comes in structured mode when binary mode cannot carry it, and without data in either', async () => {
      await door.post(door.event({ ext: 'x'.repeat(20_000), data_base64: 'AP8=' }));
      const large = await door.get('?mode=binary');
      expect(large.headers.get('content-type')).toBe(`${structured}; charset=utf-8`);
      const found = (await large.json()) as ReceivedEvent;
      expect(found).toMatchObject({ data_base64: 'AP8=' });
      await door.ack(found.deliverytoken);
      await door.post(door.event());
      const empty = await door.get('?mode=binary');
      expect([empty.status, await empty.text(), empty.headers.get('content-type')]).toEqual([200, '', null]);
      await door.ack(empty.headers.get('ce-deliverytoken')!);
    });

    it('and was sent as a message / is an event of its own, and the event a message with its payload', async () => {
      const message = { to: door.bench.agent.did, type: 'QUERY', payload: { q: 1 } };
      const sent = await fetch(`${door.bench.gateway.url}/v1/messages`, {
        ...{ method: 'POST', body: JSON.stringify(message) },
        headers: { authorization: door.bench.authorization.admin, 'content-type': 'application/json' },
      });
      const { id } = (await sent.json()) as { id: string };
      expect(await door.take()).toMatchObject({
        ...{ specversion: '1.0', id, messageid: id, type: 'concordat.message.query', messagetype: 'QUERY' },
        ...{ source: expect.stringMatching(/^\/concordat\/api-keys\/\w+$/) as string, data: { q: 1 } },
      });
      const context = door.event();
      await door.post({ ...context, data: 'x' });
      const inbox = await fetch(`${door.bench.gateway.url}/v1/inbox`, {
        headers: { authorization: door.bench.authorization.agent },
      });
      const { items } = (await inbox.json()) as { items: (ReceivedEvent & { deliveryToken: string })[] };
      expect(items).toMatchObject([
        { payload: 'x', type: 'EVENT', from: door.sender.did, cloudEvent: context },
      ]);
      await door.ack(items[0]!.deliveryToken);
    });

    it('is nothing / is 204 for one and an empty list for many', async () => {
      for (const query of ['', '?mode=binary']) expect((await door.get(query)).status).toBe(204);
      const answer = await door.get('', { accept: `${batch}, */*;q=0.1` });
      expect([answer.headers.get('content-type'), await answer.text()]).toEqual([
        `${batch}; charset=utf-8`,
        '[]',
      ]);
    });

    it('is not for who accepts something else, asks for several at once, or has no inbox', async () => {
      expect(await problemOf(await door.get('', { accept: 'application/json' }))).toMatchObject({
        ...{ code: 'NOT_ACCEPTABLE', detail: expect.stringContaining(batch) as string },
      });
      for (const query of ['?count=2', '?mode=x', '?mode=binary&mode=binary', '?x=1'])
        expect((await problemOf(await door.get(query))).code).toBe('INPUT_INVALID');
      const admin = await door.get('', { authorization: door.bench.authorization.admin });
      expect((await problemOf(admin)).code).toBe('AGENT_REQUIRED');
    });
  });
});
