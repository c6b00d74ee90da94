import { Concordat } from '../concordat';
import { type FakeGateway, me, ok, silence, startGateway } from '../gateway.fixture';
import type { ConcordatOptions } from '../options';

const apiKey = 'cck_test';
const whoami = ok(me('x'));
const message = { to: `did:key:z6Mk${'x'.repeat(44)}`, type: 'QUERY', payload: 1 } as const;

let gateway: FakeGateway;
beforeEach(async () => {
  gateway = await startGateway(silence);
});
afterEach(() => gateway.close());

const client = (over: Partial<ConcordatOptions> = {}): Concordat =>
  new Concordat({ url: gateway.url, credential: { apiKey }, ...over });

describe('a hostile server', () => {
  it('that redirects does not get the credential elsewhere', async () => {
    const elsewhere = await startGateway(whoami);
    for (const status of [301, 302, 303, 307, 308]) {
      gateway.respond((_request, response) => response.writeHead(status, { location: elsewhere.url }).end());
      await expect(client().whoami()).rejects.toMatchObject({ code: 'REDIRECT_REFUSED', status });
      await expect(client().messages.send(message)).rejects.toMatchObject({ code: 'REDIRECT_REFUSED' });
    }
    expect(elsewhere.seen).toEqual([]);
    await elsewhere.close();
  });

  it.each([200, 400])('that sends without end with status %d fills nothing', async (status) => {
    let written = 0;
    gateway.respond((_request, response) => {
      response.writeHead(status, { 'content-type': 'application/json' });
      const more = (): void => {
        while (!response.destroyed && response.write('a'.repeat(65_536))) written += 65_536;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    const call = client({ limits: { answerBytes: 1_000_000 } }).whoami();
    await expect(call).rejects.toMatchObject({ code: 'ANSWER_TOO_LARGE', status });
    expect(written).toBeLessThan(20_000_000);
  });

  it.each([
    ['no JSON', 'not json'],
    ['nothing', ''],
    ['bad UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
    ['another answer', '{"kind":"agent"}'],
    ['no object', '[]'],
    ['JSON of a million levels', '['.repeat(1_000_000) + ']'.repeat(1_000_000)],
  ])('that answers with %s is not believed', async (_what, body) => {
    gateway.respond((_request, response) => response.end(body));
    await expect(client().whoami()).rejects.toMatchObject({ code: 'ANSWER_INVALID', status: 200 });
    await expect(client().messages.send(message)).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
    expect(gateway.seen).toHaveLength(2);
  });

  it('that is a newer one may say more', async () => {
    gateway.respond(ok({ ...me('x'), mood: 'fine' }));
    expect(await client().whoami()).toMatchObject(me('x'));
  });

  it('that refuses without a problem document is still understood', async () => {
    gateway.respond((_request, response) => response.writeHead(403).end('<html>'));
    await expect(client().whoami()).rejects.toMatchObject({ code: 'HTTP_ERROR', status: 403 });
  });

  it('never sees a key of another form, nor does an error show it', () => {
    expect(() => client({ credential: { apiKey: 'a\nb' } })).toThrow(TypeError);
    expect(() => client({ credential: { secretKey: 'secret' } })).toThrow(
      /^credential\.secretKey: must be 32 bytes/,
    );
  });
});
