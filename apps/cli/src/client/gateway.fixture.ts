import { createServer, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { challengeText, ConcordatError, type ErrorCode, toProblem } from '@concordat/contracts';

export interface SeenCall {
  /** `POST /v1/agents` */
  readonly route: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** A gateway that says what a test tells it to. The handshake works by itself. */
export interface FakeGateway {
  readonly url: string;
  /** Without those of handshakes. */
  readonly seen: SeenCall[];
  /** Answers by route: a value, or what makes one; bytes go out as they are, a string is the code of a refusal. */
  readonly answers: Record<string, unknown>;
  /** Code of the refusal of every other route. */
  otherwise: ErrorCode;
  close(): Promise<void>;
}

const expiresAt = '2030-01-01T00:00:00.000Z';

function handshake({ route, body }: SeenCall): unknown {
  const { did = '', tenant = '' } = (body ?? {}) as Record<string, string>;
  const nonce = 'n'.repeat(22);
  if (route === 'POST /v1/auth/challenge')
    return {
      challengeId: 'c',
      challenge: challengeText({ audience: 'concordat', tenant, did, nonce, expiresAt }),
      expiresAt,
    };
  if (route === 'POST /v1/auth/token') return { accessToken: 'token', tokenType: 'Bearer', expiresIn: 900 };
  return undefined;
}

export async function startGateway(): Promise<FakeGateway> {
  const seen: SeenCall[] = [];
  const answers: Record<string, unknown> = {};
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const bytes = Buffer.concat(parts);
      const isPacked = request.headers['content-encoding'] === 'gzip';
      const text = (isPacked ? gunzipSync(bytes) : bytes).toString();
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://gateway');
      const call: SeenCall = {
        route: `${request.method} ${decodeURIComponent(pathname)}`,
        query: Object.fromEntries(searchParams),
        body: text === '' ? undefined : JSON.parse(text),
        headers: request.headers,
      };
      const welcome = handshake(call);
      if (welcome === undefined) seen.push(call);
      const told = answers[call.route] ?? gateway.otherwise;
      const answer: unknown = welcome ?? (typeof told === 'function' ? told(call) : told);
      if (answer instanceof Uint8Array) return void response.end(answer);
      const refusal = typeof answer === 'string' ? new ConcordatError(answer as ErrorCode) : undefined;
      response.writeHead(refusal?.status ?? 200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(refusal ? toProblem(refusal, 'f'.repeat(32)) : answer));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const gateway: FakeGateway = {
    otherwise: 'ROUTE_UNKNOWN',
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    answers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return gateway;
}
