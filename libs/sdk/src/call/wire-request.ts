import type { HttpBinding, OperationSpec } from '@concordat/contracts';
import { ConcordatProblem } from '../problem';
import { jsonBody } from './json-body';

/** An operation that has a route. */
export type PublicOperation = OperationSpec & { readonly http: HttpBinding };

/** A request as HTTP carries it, but for its credential. */
export interface WireRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Puts the input of an operation where its HTTP binding says: path, headers, and the rest into the query (GET, DELETE)
 * or the body. Whether it is valid is for the server to say, except where it would become the path of something else.
 * @throws ConcordatProblem INPUT_INVALID
 */
export function toWireRequest({ name, http }: PublicOperation, input: Fields): WireRequest {
  const given = new Map(Object.entries(input).filter(([, value]) => value !== undefined));
  const target = http.path.replace(/\{(\w+)(\+?)\}/g, (_placeholder, field: string, rest: string) =>
    pathPart(name, field, take(given, field), rest === '+'),
  );
  const headers: Record<string, string> = {};
  for (const [header, field] of Object.entries(http.headers ?? {})) {
    const value = take(given, field);
    if (value !== undefined) headers[header] = headerValue(name, field, value);
  }
  if (http.method === 'GET' || http.method === 'DELETE')
    return { method: http.method, target: target + queryOf(given), headers, body: undefined };
  headers['content-type'] = 'application/json';
  return { method: http.method, target, headers, body: jsonBody(name, Object.fromEntries(given)) };
}

function take(fields: Map<string, unknown>, name: string): unknown {
  const value = fields.get(name);
  fields.delete(name);
  return value;
}

function queryOf(fields: ReadonlyMap<string, unknown>): string {
  const pairs = [...fields].map(([name, value]): [string, string] => [name, String(value)]);
  const query = new URLSearchParams(pairs).toString();
  return query === '' ? '' : `?${query}`;
}

/** Has no UTF-8 form, hence no percent-encoding. */
const loneSurrogate = /\p{Surrogate}/u;

/** Dots and empty parts would lead to another route: `..` survives percent-encoding. */
function pathPart(operation: string, field: string, value: unknown, isRest: boolean): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const parts = isRest ? text.split('/') : [text];
  if (parts.some((part) => part === '' || part === '.' || part === '..' || loneSurrogate.test(part)))
    throw invalid(operation, field, 'must name something');
  return parts.map(encodeURIComponent).join('/');
}

const visibleAscii = /^[\x20-\x7e]*$/;

function headerValue(operation: string, field: string, value: unknown): string {
  const text = String(value);
  if (!visibleAscii.test(text)) throw invalid(operation, field, 'must be visible ASCII');
  return text;
}

/**
 * The value of an option that becomes a header. `fetch` would throw for it what looks like a broken connection.
 * @throws ConcordatProblem INPUT_INVALID
 */
export function optionHeader(operation: string, option: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && visibleAscii.test(value)) return value;
  throw new ConcordatProblem('INPUT_INVALID', {
    detail: `The option ${option} of ${operation} must be visible ASCII.`,
    fix: `Give ${option} as a string of visible ASCII characters, or leave it out.`,
  });
}

const invalid = (operation: string, field: string, message: string): ConcordatProblem =>
  new ConcordatProblem('INPUT_INVALID', {
    detail: `The input of ${operation} is not valid at /${field}.`,
    errors: [{ pointer: `/${field}`, message }],
  });
