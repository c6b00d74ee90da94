import type { HttpBinding, OperationSpec } from '@concordat/contracts';
import { type Json, schemaOf } from '../http/openapi-parts';
import { type Channels, refer } from './channels';
import { describeOperation, messageOperations, sendsMessages } from './message-operations';

type Bound = OperationSpec & { readonly http: HttpBinding };

const bindingVersion = '0.3.0';

/** A channel for every path that messages travel by. */
export function httpChannels(): Channels {
  const bound = messageOperations().filter((spec): spec is Bound => spec.http !== undefined);
  const channels: Record<string, Json> = {};
  for (const spec of bound) {
    const id = channelOf(spec);
    const names = [requestOf(spec), replyOf(spec)];
    const messages = Object.fromEntries(names.map((name) => [name, refer('components', 'messages', name)]));
    const known = (channels[id]?.['messages'] ?? {}) as Json;
    channels[id] = { ...describeChannel(spec.http), messages: { ...known, ...messages } };
  }
  return {
    channels,
    operations: Object.fromEntries(bound.map((spec) => [`http.${spec.name}`, operationOf(spec)])),
    messages: Object.assign({}, ...bound.map(messagesOf)) as Record<string, Json>,
    schemas: { RequestHeaders: requestHeaders },
  };
}

const channelOf = ({ http }: Bound): string =>
  `http.${http.path
    .replace(/[{}+]/g, '')
    .split('/')
    .filter((part) => part !== '')
    .join('.')}`;
const requestOf = ({ name }: OperationSpec): string => `http.${name}.request`;
const replyOf = ({ name }: OperationSpec): string => `http.${name}.reply`;

const inPath = (path: string): string[] => [...path.matchAll(/\{(\w+)\+?\}/g)].map((match) => match[1]!);
const hasBody = ({ method }: HttpBinding): boolean => method !== 'GET' && method !== 'DELETE';

function describeChannel({ path }: HttpBinding): Json {
  const fields = inPath(path);
  return {
    address: path.replaceAll('+}', '}'),
    servers: [refer('servers', 'http')],
    ...(fields.length === 0 ? {} : { parameters: Object.fromEntries(fields.map((field) => [field, {}])) }),
  };
}

function operationOf(spec: Bound): Json {
  const query = hasBody(spec.http) ? undefined : remainingInput(spec);
  return {
    ...describeOperation(spec, channelOf(spec), { request: requestOf(spec), reply: replyOf(spec) }),
    bindings: {
      http: { method: spec.http.method, ...(query === undefined ? {} : { query }), bindingVersion },
    },
  };
}

function messagesOf(spec: Bound): Record<string, Json> {
  const { http, output, summary } = spec;
  const payload = hasBody(http) ? remainingInput(spec) : undefined;
  const request = {
    ...{ name: requestOf(spec), summary, headers: refer('components', 'schemas', 'RequestHeaders') },
    ...(payload === undefined ? {} : { payload }),
  };
  const reply = {
    name: replyOf(spec),
    summary: sendsMessages(spec) ? summary : `Answer: ${summary}`,
    ...(http.mediaType === undefined
      ? { payload: schemaOf(output, 'output', 'draft-7') }
      : { contentType: http.mediaType }),
    bindings: { http: { statusCode: http.status, bindingVersion } },
  };
  return { [request.name]: request, [reply.name]: reply };
}

/** The fields of the input that stand neither in the path nor in a header. */
function remainingInput({ http, input }: Bound): Json | undefined {
  const schema = schemaOf(input, 'input', 'draft-7') as { properties?: Json; required?: string[] };
  const named = new Set([...inPath(http.path), ...Object.values(http.headers ?? {})]);
  const properties = Object.entries(schema.properties ?? {}).filter(([field]) => !named.has(field));
  if (properties.length === 0) return undefined;
  const required = (schema.required ?? []).filter((field) => !named.has(field));
  return { ...schema, properties: Object.fromEntries(properties), required };
}

const requestHeaders: Json = {
  type: 'object',
  properties: {
    traceparent: { type: 'string', description: 'W3C Trace Context.' },
    tracestate: { type: 'string', description: 'W3C Trace Context.' },
    'Idempotency-Key': { type: 'string', description: 'Names the effect: a repetition has it once.' },
    'Concordat-Correlation-Id': { type: 'string', description: 'The conversation that it belongs to.' },
  },
};
