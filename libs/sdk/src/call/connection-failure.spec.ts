import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { FakeClock } from '../clock.fixture';
import { Concordat } from '../concordat';
import { ok, startGateway } from '../gateway.fixture';
import { connectionFailure } from './connection-failure';

const failed = (cause: unknown) => connectionFailure('https://x', Object.assign(new TypeError(), { cause }));
const called = (url: string): Promise<unknown> =>
  new Concordat({ url, credential: { apiKey: 'cck_test' }, clock: new FakeClock() }).whoami();

describe('a connection that fails', () => {
  it('because nothing listens says so, and how to start it', async () => {
    const gateway = await startGateway(ok({}));
    await gateway.close();
    await expect(called(gateway.url)).rejects.toMatchObject({
      code: 'CONNECTION_FAILED',
      detail: `No answer from ${gateway.url}: nothing listens there (connection refused).`,
      fix: expect.stringContaining('./concordat up') as unknown,
    });
  });

  it('because https is spoken to http says so, without the words of OpenSSL', async () => {
    const gateway = await startGateway(ok({}));
    const url = gateway.url.replace('http:', 'https:');
    await expect(called(url)).rejects.toMatchObject({
      detail: `No answer from ${url}: it does not speak TLS.`,
      fix: expect.stringContaining('http:// instead of https://') as unknown,
    });
    await gateway.close();
  });

  it('because something else than HTTP is spoken says so', async () => {
    // The alert of a TLS server that was spoken to in clear (RFC 8446 §6).
    const alert = Buffer.from([0x15, 3, 1, 0, 2, 2, 70]);
    const server = createServer((socket) => socket.on('error', () => undefined).end(alert));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await expect(called(url)).rejects.toMatchObject({
      detail: `No answer from ${url}: it does not speak HTTP.`,
      fix: expect.stringContaining('https:// instead of http://') as unknown,
    });
    server.close();
  });

  it.each([
    ['ENOTFOUND', 'there is no host of this name'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not one that this process trusts'],
    ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ])('with %s says it in plain words', (code, why) => {
    const problem = failed(Object.assign(new Error('raw'), { code }));
    expect(problem).toMatchObject({ code: 'CONNECTION_FAILED', detail: `No answer from https://x: ${why}.` });
    expect(problem.fix).not.toContain('health/ready');
  });

  it('in another way says what was said', () => {
    expect(failed(new Error('bad port')).detail).toBe('No answer from https://x: bad port.');
    expect(failed(Object.assign(new Error(''), { code: 'EODD' })).detail).toContain(': EODD.');
    expect(failed('why').detail).toContain(': why.');
    expect(connectionFailure('https://x', new Error('alone')).detail).toContain(': alone.');
    expect(failed({ code: 'constructor', message: 'odd' }).detail).toContain(': odd.');
    expect(failed(new Error('x')).fix).toContain('health/ready');
  });
});
