import { findOperation, type OperationName, type Problem } from '@concordat/contracts';
import type { TestAgent } from '@concordat/testing';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed when it is JSON. */
  readonly body: unknown;
}

export interface HttpRequest {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** Text and bytes are sent as they are, anything else as JSON. */
  readonly body?: unknown;
}

/** One request, without retries and without help: what a stranger's client would do. */
export async function request(
  url: string,
  { method = 'GET', headers = {}, body }: HttpRequest = {},
): Promise<HttpAnswer> {
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array;
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: isRaw ? (body as string) : JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
}

/** The answer is a refusal as every refusal must be: a problem with code and fix, and not the server's fault. */
export function expectProblem(answer: HttpAnswer, status: number, code: string): Problem {
  const problem = answer.body as Problem;
  expect({ status: answer.status, code: problem.code }).toEqual({ status, code });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(problem.fix).not.toBe('');
  expect(problem.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(problem.status).toBe(status);
  return problem;
}

/** The request of an operation, made from the catalogue: path, query or body, and headers. */
export function operationRequest(
  name: OperationName,
  input: Readonly<Record<string, unknown>>,
): { path: string; request: HttpRequest } {
  const http = findOperation(name)!.http!;
  const rest = new Map(Object.entries(input));
  const take = (field: string): string => {
    const value = String(rest.get(field));
    rest.delete(field);
    return value;
  };
  const headers = Object.fromEntries(
    Object.entries(http.headers ?? {})
      .filter(([, field]) => rest.has(field))
      .map(([header, field]) => [header, take(field)]),
  );
  const path = http.path
    .replace(/\{(\w+)\+\}/g, (_match, field: string) => take(field))
    .replace(/\{(\w+)\}/g, (_match, field: string) => encodeURIComponent(take(field)));
  const hasBody = http.method !== 'GET' && http.method !== 'DELETE';
  const query = hasBody
    ? ''
    : new URLSearchParams(Object.fromEntries(rest) as Record<string, string>).toString();
  return {
    path: query === '' ? path : `${path}?${query}`,
    request: { method: http.method, headers, ...(hasBody ? { body: Object.fromEntries(rest) } : {}) },
  };
}

/** Does the handshake by hand. @returns value of the `Authorization` header */
export async function logIn(url: string, agent: TestAgent): Promise<string> {
  const asked = await request(`${url}/v1/auth/challenge`, { method: 'POST', body: { did: agent.did } });
  const { challengeId, challenge } = asked.body as { challengeId: string; challenge: string };
  const body = { challengeId, signature: agent.sign(challenge) };
  const answer = await request(`${url}/v1/auth/token`, { method: 'POST', body });
  return `Bearer ${(answer.body as { accessToken: string }).accessToken}`;
}
