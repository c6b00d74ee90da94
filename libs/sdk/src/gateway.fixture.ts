import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { challengeText, ConcordatError, type ErrorCode, toProblem } from '@concordat/contracts';
import { ed25519Verify, fromBase64url, fromDidKey, utf8 } from '@concordat/crypto';

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
}

/** Answers a request; one that does nothing leaves the caller waiting. */
export type Responder = (request: SeenRequest, response: ServerResponse) => void;

/** A counterpart for tests: a real HTTP server on loopback that says what it is told to say. */
export interface FakeGateway {
  readonly url: string;
  readonly seen: SeenRequest[];
  /** The next requests, in turn; the last responder stays. */
  respond(...responders: Responder[]): void;
  close(): Promise<void>;
}

export async function startGateway(...first: Responder[]): Promise<FakeGateway> {
  const seen: SeenRequest[] = [];
  let responders = first;
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const bytes = Buffer.concat(chunks);
      const text = (headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const seenNow = { method, target: url, headers, body };
      seen.push(seenNow);
      (responders.length > 1 ? responders.shift()! : responders[0]!)(seenNow, response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    respond: (...next) => (responders = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const traceId = '0af7651916cd43dd8448eb211c80319c';

export const ok =
  (output: unknown, headers: Record<string, string> = {}): Responder =>
  (_request, response) => {
    const traceparent = `00-${traceId}-b7ad6b7169203331-00`;
    response.writeHead(200, { 'content-type': 'application/json', traceparent, ...headers });
    response.end(JSON.stringify(output));
  };

export const refusal =
  (code: ErrorCode, headers: Record<string, string> = {}): Responder =>
  (_request, response) => {
    const error = new ConcordatError(code);
    const retryAfter =
      error.retryAfterSeconds === undefined ? {} : { 'retry-after': String(error.retryAfterSeconds) };
    response.writeHead(error.status, {
      'content-type': 'application/problem+json',
      ...retryAfter,
      ...headers,
    });
    response.end(JSON.stringify(toProblem(error, traceId)));
  };

/** The connection breaks before an answer. */
export const hangUp: Responder = (_request, response) => void response.socket?.destroy();

/** Nothing comes. */
export const silence: Responder = () => undefined;

export const me = (id: string) => ({ kind: 'agent', tenant: 'default', id, scopes: ['read', 'write'] });

/**
 * The handshake as a gateway does it, and `rest` for everything else: it gets the requests that carry a token which is
 * still good.
 * @param isGood whether a token is, by its number: 1 for the first
 */
export function handshaking(
  rest: Responder,
  isGood: (token: number) => boolean = () => true,
  expiresIn = 900,
): Responder {
  const challenges = new Map<string, string>();
  let tokens = 0;
  return (request, response) => {
    const body = request.body as Record<string, string>;
    if (request.target === '/v1/auth/challenge') {
      const expiresAt = '2030-01-01T00:00:00.000Z';
      const nonce = String(challenges.size).padStart(22, 'n');
      const facts = { audience: 'concordat', tenant: body['tenant']!, did: body['did']!, nonce, expiresAt };
      challenges.set(nonce, challengeText(facts));
      return ok({ challengeId: nonce, challenge: challengeText(facts), expiresAt })(request, response);
    }
    if (request.target === '/v1/auth/token') {
      const text = challenges.get(body['challengeId']!)!;
      const did = /^did: (.*)$/m.exec(text)![1]!;
      const isSigned = ed25519Verify(fromBase64url(body['signature']!)!, utf8(text), fromDidKey(did)!);
      if (!isSigned) return refusal('HANDSHAKE_REFUSED')(request, response);
      return ok({ accessToken: `token-${++tokens}`, tokenType: 'Bearer', expiresIn })(request, response);
    }
    const token = /^Bearer token-(\d+)$/.exec(request.headers.authorization ?? '')?.[1];
    return (isGood(Number(token)) ? rest : refusal('TOKEN_EXPIRED'))(request, response);
  };
}
