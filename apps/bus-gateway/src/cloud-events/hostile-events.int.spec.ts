import { limits, problem } from '@concordat/contracts';
import { problemOf, sendRaw } from '../door.fixture';
import { batch, type EventDoor, startEventDoor, structured } from './event-door.fixture';

describe('the door of CloudEvents and a request of an attacker', () => {
  let door: EventDoor;
  beforeAll(async () => (door = await startEventDoor()));
  afterAll(() => door.stop());
  afterEach(async () => expect((await door.get()).status).toBe(204));

  it('without a credential, or with one that is none / is refused before anything of it is read', async () => {
    for (const type of [structured, batch, 'image/png', 'application/cloudevents+xml']) {
      const nobody = await fetch(door.url, { method: 'POST', body: '{', headers: { 'content-type': type } });
      expect((await problemOf(nobody)).code).toBe('CREDENTIAL_MISSING');
      const stranger = await door.post('{', type, { authorization: door.bench.authorization.garbage });
      expect((await problemOf(stranger)).code).toBe('CREDENTIAL_INVALID');
    }
    expect((await problemOf(await fetch(door.url))).code).toBe('CREDENTIAL_MISSING');
  });

  it('that names another sender / is refused, and a source says nothing about who sent', async () => {
    const victim = door.bench.agent;
    expect(await problemOf(await door.post(door.event({ from: victim.did })))).toMatchObject({
      ...{ code: 'CLOUD_EVENT_INVALID', errors: [{ pointer: '/from' }] },
    });
    await door.post(door.event({ source: victim.did }));
    expect(await door.take()).toMatchObject({ source: victim.did, from: door.sender.did });
  });

  it('with a forged event inside a message / gives nobody what the gateway says', async () => {
    const forged = { ...door.event(), deliverytoken: 'x' };
    const answer = await fetch(`${door.bench.gateway.url}/v1/messages`, {
      method: 'POST',
      body: JSON.stringify({ to: door.bench.agent.did, type: 'EVENT', payload: 1, cloudEvent: forged }),
      headers: { authorization: door.authorization, 'content-type': 'application/json' },
    });
    expect(await problemOf(answer)).toMatchObject({ errors: [{ pointer: '/cloudEvent/deliverytoken' }] });
  });

  it('with a second name, a parameter, or a coding that is none / is refused', async () => {
    const keyed = await problemOf(await door.post(door.event(), structured, { 'idempotency-key': 'k' }));
    expect(keyed).toMatchObject({ code: 'INPUT_INVALID', errors: [{ pointer: 'Idempotency-Key' }] });
    const packed = await door.post(door.event(), structured, { 'content-encoding': 'gzip' });
    expect((await problemOf(packed)).code).toBe('CONTENT_CODING_INVALID');
    const answer = await fetch(`${door.url}?to=x`, {
      method: 'POST',
      headers: { authorization: door.authorization },
    });
    expect((await problemOf(answer)).code).toBe('INPUT_INVALID');
  });

  it.each([
    ['twice the same attribute', ['ce-id: 1', 'CE-ID: 2'], 'ce-id'],
    ['an attribute that is not UTF-8', ['ce-id: %C0%A0'], 'ce-id'],
    ['an attribute with raw bytes', ['ce-id: \xc3\xa9'], 'ce-id'],
    ['a line break in an attribute', ['ce-id: a%0D%0Ax:%20y'], 'ce-id'],
    ['an attribute called __proto__', ['ce-id: 1', 'ce-__proto__: x'], 'ce-__proto__'],
    ['an underscore in a name', ['ce-id: 1', 'ce-to_: x'], 'ce-to_'],
    ['two media types', ['ce-id: 1', 'content-type: text/plain', 'content-type: text/html'], 'content-type'],
  ])('with %s / is refused there', async (_name, lines, pointer) => {
    const head = [
      ...['POST /v1/events HTTP/1.1', 'host: x', 'connection: close', `authorization: ${door.authorization}`],
      ...[
        'ce-specversion: 1.0',
        'ce-source: /s',
        'ce-type: t',
        `ce-to: ${door.bench.agent.did}`,
        'content-length: 1',
      ],
      ...lines,
    ].join('\r\n');
    const answer = await sendRaw(door.url, Buffer.from(`${head}\r\n\r\nx`, 'latin1'));
    const found = problem.parse(JSON.parse(answer!.body));
    expect(found).toMatchObject({ code: 'CLOUD_EVENT_INVALID', errors: [{ pointer }] });
  });

  it('larger than a body may be, in any form / is refused', async () => {
    const bytes = Buffer.alloc(limits.jsonBytes);
    const headers = {
      'ce-specversion': '1.0',
      'ce-id': 'big',
      'ce-source': '/s',
      'ce-type': 't',
      'ce-to': door.bench.agent.did,
    };
    for (const body of [bytes, Buffer.alloc(limits.jsonBytes + 1)])
      expect((await problemOf(await door.post(body, 'image/png', headers))).code).toBe('PAYLOAD_TOO_LARGE');
    const deep = '['.repeat(limits.jsonDepth) + ']'.repeat(limits.jsonDepth);
    expect((await problemOf(await door.post(deep, 'application/json', headers))).code).toBe('JSON_TOO_DEEP');
    const attributes = await problemOf(
      await door.post(door.event({ ext: 'x'.repeat(limits.eventAttributeBytes) })),
    );
    expect(attributes).toMatchObject({ code: 'CLOUD_EVENT_INVALID', errors: [{ pointer: '' }] });
  });

  it('leaves no data of events in logs', async () => {
    await door.post(door.event({ data: 'canary-data', ext: 'canary-ext' }));
    await door.post(door.event({ data: 'canary-data', time: 'canary-time' }));
    await door.take();
    expect(door.bench.gateway.log.join('')).not.toContain('canary');
  });
});
