import { createLogger, Health } from '@concordat/runtime';
import type { Directory } from '@concordat/directory';
import type { AddressInfo } from 'node:net';
import { problemOf, sendRaw } from '../../door.fixture';
import { HttpEdge } from '../http/http-edge';
import type { OperationRouter } from '../operation-router';
import { asyncApiDocument } from './asyncapi';
import { referenceFiles } from './reference-files';

const nothing = {} as unknown;

/** The HTTP door alone: what describes it needs nothing behind it. */
async function openDoor(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const edge = new HttpEdge({
    ...{ host: '127.0.0.1', port: 0, router: nothing as OperationRouter, directory: nothing as Directory },
    ...{
      now: () => new Date(),
      health: new Health(),
      logger: createLogger({ service: 'bus-gateway', instance: 'bus-1', level: 'silent' }),
    },
  });
  await edge.onApplicationBootstrap();
  const { port } = edge.fastify.server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, close: () => edge.beforeApplicationShutdown() };
}

describe('the reference', () => {
  let door: Awaited<ReturnType<typeof openDoor>>;
  beforeAll(async () => (door = await openDoor()));
  afterAll(() => door.close());
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(door.url + path, { headers });
  const pages = ['/docs', '/docs/', '/docs/events'];

  describe.each(referenceFiles.map(({ path, type }) => [path, type]))('%s', (path, type) => {
    it('is served to everybody, as what it is, and never taken for anything else', async () => {
      const answer = await get(path!, { 'accept-encoding': 'identity' });
      expect([answer.status, answer.headers.get('content-type')]).toEqual([200, type]);
      expect((await answer.arrayBuffer()).byteLength).toBe(Number(answer.headers.get('content-length')));
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'cache-control': 'no-cache',
        'cross-origin-resource-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        etag: expect.stringMatching(/^W\/"[\w-]{43}"$/) as string,
      });
    });

    it('has a policy that lets nothing run but scripts of this door, in files', async () => {
      const policy = (await get(path!)).headers.get('content-security-policy')!;
      const rules = Object.fromEntries(
        policy
          .split('; ')
          .map((rule) => [rule.slice(0, rule.indexOf(' ')), rule.slice(rule.indexOf(' ') + 1)]),
      );
      expect(rules).toMatchObject({ 'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'" });
      expect(rules).toMatchObject({
        'connect-src': "'self'",
        'base-uri': "'none'",
        'frame-ancestors': "'none'",
      });
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
    });

    it('asked for again by who has it / is not sent again', async () => {
      const etag = (await get(path!)).headers.get('etag')!;
      for (const known of [etag, `"other", ${etag.replace('W/', '')}`, '*']) {
        const answer = await get(path!, { 'if-none-match': known });
        expect([answer.status, await answer.text()]).toEqual([304, '']);
        expect(answer.headers.get('etag')).toBe(etag);
      }
      expect((await get(path!, { 'if-none-match': '"other"' })).status).toBe(200);
    });

    it('is read with GET and HEAD only', async () => {
      const head = await fetch(door.url + path!, { method: 'HEAD' });
      expect([head.status, await head.text()]).toEqual([200, '']);
      const post = await fetch(door.url + path!, { method: 'POST' });
      expect(await problemOf(post)).toMatchObject({ code: 'ROUTE_UNKNOWN' });
    });
  });

  it.each([
    ...['/docs/../package.json', '/docs/../../swagger-ui-dist/package.json', '/docs/%2e%2e/package.json'],
    ...['/docs/..%2f..%2fpackage.json', '/docs/..%5c..%5cpackage.json', '/docs/..\\package.json'],
    ...[
      '/docs//swagger-ui.css',
      '/docs/./swagger-ui.css',
      '/docs/swagger-ui.css%00.png',
      '/docs/%2Fetc%2Fpasswd',
    ],
    ...[
      '/docs/package.json',
      '/docs/index.html',
      '/docs/swagger-ui-bundle.js.map',
      '/docs/oauth2-redirect.html',
    ],
    ...['/DOCS', '/docs/swagger-ui.css/', '/docs/constructor', '/docs/__proto__'],
  ])('%s, which is not on the list / is not there', async (path) => {
    const answer = (await sendRaw(door.url, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`))!;
    expect([answer.status, answer.headers.get('content-type')]).toEqual([404, 'application/problem+json']);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'ROUTE_UNKNOWN' });
  });

  describe.each(pages)('the page %s', (path) => {
    it('refers to nothing but what this door serves', async () => {
      const page = await (await get(path)).text();
      const references = [...page.matchAll(/\b(?:src|href|url|action)\s*=\s*"([^"]*)"/g)].map(
        ([, to]) => to!,
      );
      expect(references).toEqual(
        expect.arrayContaining(['/docs', '/docs/events', '/openapi.json', '/asyncapi.json']),
      );
      for (const to of references) {
        expect(to).toMatch(/^\/(?!\/)/);
        expect([to, (await get(to)).status]).toEqual([to, 200]);
      }
    });

    it('holds no script, no style and no handler of its own', async () => {
      const page = await (await get(path)).text();
      expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:|<base|<iframe/i);
    });
  });

  it('the initializer / draws the document of this door, and asks nobody else', async () => {
    const script = await (await get('/docs/initializer.js')).text();
    const drawn: Record<string, unknown>[] = [];
    new Function('SwaggerUIBundle', script)((options: Record<string, unknown>) => drawn.push(options));
    expect(drawn).toEqual([
      expect.objectContaining({
        url: '/openapi.json',
        dom_id: '#swagger-ui',
        queryConfigEnabled: false,
        validatorUrl: null,
      }),
    ]);
    expect(await (await get('/docs')).text()).toContain('<div id="swagger-ui">');
  });

  it('the page of events / has every channel and every message', async () => {
    const page = await (await get('/docs/events')).text();
    const { channels, components } = asyncApiDocument() as {
      channels: Record<string, object>;
      components: { messages: Record<string, object> };
    };
    for (const channel of Object.keys(channels)) expect(page).toContain(`<section id="${channel}">`);
    for (const message of Object.keys(components.messages)) expect(page).toContain(`<code>${message}</code>`);
  });

  it('the documents / are what the catalogue says, and the same to everybody', async () => {
    const asked = await Promise.all([
      get('/asyncapi.json'),
      get('/asyncapi.json', { host: 'evil.example', 'x-forwarded-host': 'evil.example' }),
    ]);
    const [one, other] = await Promise.all(asked.map((answer) => answer.text()));
    expect(JSON.parse(one!)).toEqual(JSON.parse(JSON.stringify(asyncApiDocument())));
    expect(other).toBe(one);
    expect(await (await get('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0' });
  });
});
