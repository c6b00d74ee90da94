import { ConcordatError, type HttpBinding, parseStrictJson } from '@concordat/contracts';
import type { FastifyRequest } from 'fastify';
import { decodeContent } from './content-coding';

type Fields = Record<string, unknown>;

/** Path of the catalogue (`/v1/agents/{did}`, `{index+}` for the rest) as a route of Fastify. */
export const toRoute = (path: string): string =>
  path.replace(/\{(\w+)\+\}/g, '*').replace(/\{(\w+)\}/g, ':$1');

const restField = (path: string): string | undefined => /\{(\w+)\+\}/.exec(path)?.[1];

/**
 * The input of an operation, from where HTTP puts it: path and headers, then the query (GET, DELETE) or the body. What
 * stands in the other place is refused, not ignored.
 * @throws ConcordatError INPUT_INVALID when a field comes twice or in the wrong place, or the body is not an object; as
 * `decodeContent` and `parseStrictJson` do
 */
export async function readInput(http: HttpBinding, request: FastifyRequest): Promise<Fields> {
  const hasBody = http.method !== 'GET' && http.method !== 'DELETE';
  const query = queryFields(request.query as Fields);
  if (hasBody && Object.keys(query).length > 0) throw refusal('The operation takes its fields in the body.');
  if (!hasBody && request.body !== undefined && request.body !== null)
    throw refusal('The operation takes its fields in the query.');
  return merge(
    pathFields(http, request.params as Fields),
    headerFields(http, request),
    hasBody ? bodyFields(await readJson(request)) : query,
  );
}

function pathFields({ path }: HttpBinding, params: Fields): Fields {
  const { '*': rest, ...fields } = params;
  const name = restField(path);
  return name === undefined ? fields : { ...fields, [name]: rest };
}

function headerFields({ headers = {} }: HttpBinding, request: FastifyRequest): Fields {
  const present = Object.entries(headers).filter(([header]) => request.headers[header] !== undefined);
  return Object.fromEntries(present.map(([header, field]) => [field, request.headers[header]]));
}

async function readJson({ body, headers }: FastifyRequest): Promise<unknown> {
  if (!Buffer.isBuffer(body)) return undefined;
  return parseStrictJson(await decodeContent(headers['content-encoding'], body));
}

function bodyFields(body: unknown): Fields {
  if (body === undefined || body === null) return {};
  if (typeof body !== 'object' || Array.isArray(body)) {
    throw refusal('The body must be a JSON object.');
  }
  return body as Fields;
}

function queryFields(query: Fields): Fields {
  for (const [name, value] of Object.entries(query)) if (typeof value !== 'string') throw twice(name);
  return query;
}

/** Two sources for one field is a contradiction, not a preference. A field named `__proto__` is one like any other. */
function merge(...sources: readonly Fields[]): Fields {
  const fields = new Map<string, unknown>();
  for (const source of sources) {
    for (const [name, value] of Object.entries(source)) {
      if (fields.has(name)) throw twice(name);
      fields.set(name, value);
    }
  }
  return Object.fromEntries(fields);
}

const refusal = (detail: string, pointer = '', message = detail): ConcordatError =>
  new ConcordatError('INPUT_INVALID', detail, { errors: [{ pointer, message }] });

const twice = (name: string): ConcordatError =>
  refusal('A field is given more than once.', `/${name.slice(0, 128)}`, 'is given more than once');
