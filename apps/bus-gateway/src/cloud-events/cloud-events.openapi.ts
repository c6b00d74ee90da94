import { limits, type OperationSpec, operations, problem } from '@concordat/contracts';
import {
  failures,
  headerParameters,
  type Json,
  schemaOf,
  securityOf,
  text,
  traced,
} from '../edge/http/openapi-parts';
import { batchType, structuredType } from './event-request';

const required = ['specversion', 'id', 'source', 'type'];
const filled: Json = { type: 'string', minLength: 1 };

/** An event in the JSON format; extensions are attributes like any other. */
const event = (properties: Json, needed: readonly string[]): Json => ({
  type: 'object',
  required: [...required, ...needed],
  properties: {
    ...{
      specversion: { const: '1.0' },
      id: filled,
      source: { ...filled, format: 'uri-reference' },
      type: filled,
    },
    ...{
      subject: filled,
      time: { type: 'string', format: 'date-time' },
      dataschema: { ...filled, format: 'uri' },
    },
    ...{ datacontenttype: text, data: {}, data_base64: { type: 'string', contentEncoding: 'base64' } },
    ...properties,
  },
  additionalProperties: { type: ['string', 'integer', 'boolean', 'null'] },
});

/** The fields of messages as attributes, as sender and recipient see them. */
const message = operations['message.send'].input.shape;
const delivery: Json = {
  ...{ to: schemaOf(message.to, 'input'), messagetype: schemaOf(message.type, 'input') },
  ...{ priority: schemaOf(message.priority, 'input'), correlationid: text, replyto: text },
  expirytime: { type: 'string', format: 'date-time' },
};
const sent = event({ ...delivery, ttlseconds: { type: 'integer', minimum: 1 } }, ['to']);
const received = event(
  {
    ...delivery,
    ...{ from: text, messageid: text, deliverytoken: text },
    ...{ attempt: { type: 'integer' }, leaseseconds: { type: 'integer' } },
  },
  ['from', 'to', 'messageid', 'deliverytoken', 'attempt', 'leaseseconds', 'messagetype', 'priority'],
);
const listOf = (items: Json, maxItems?: number): Json => ({
  type: 'array',
  items,
  ...(maxItems && { maxItems }),
});
const content = (type: string, schema: Json): Json => ({ [type]: { schema } });

/** The doors of CloudEvents, which are no operations of their own. */
export function eventPaths(): Record<string, Json> {
  return { '/v1/events': { post: post(), get: get() } };
}

function post(): Json {
  const operation = operations['message.send'];
  const output = schemaOf(operation.output, 'output');
  const accepted = {
    oneOf: [output, { type: 'object', properties: { items: listOf(output) }, required: ['items'] }],
  };
  const result = {
    oneOf: [output, { type: 'object', properties: { problem: schemaOf(problem, 'output') } }],
  };
  const headers = { ...traced, 'Concordat-Position': { schema: text } };
  return {
    ...{ operationId: 'event.send', tags: ['event'], security: securityOf(operation) },
    summary: 'Send CloudEvents as messages: one in binary or structured mode, or a batch of up to 1,000.',
    parameters: parameters(operation),
    requestBody: {
      required: true,
      content: {
        ...content(structuredType, sent),
        ...content(batchType, listOf(sent, limits.eventBatchItems)),
        // Binary mode: attributes in `ce-` headers, data of any media type.
        '*/*': {},
      },
    },
    responses: {
      202: { description: 'Accepted.', headers, content: content('application/json', accepted) },
      207: {
        ...{ description: 'Some events of a batch were refused; the others were accepted.', headers },
        content: content('application/json', { type: 'object', properties: { items: listOf(result) } }),
      },
      ...failures(operation, ['CLOUD_EVENT_INVALID']),
    },
  };
}

function get(): Json {
  const operation = operations['inbox.fetch'];
  const input = schemaOf(operation.input, 'input') as { properties: Record<string, Json> };
  const query = { ...input.properties, mode: { const: 'binary' } };
  const fields = Object.entries(query).map(([name, schema]) => ({
    name,
    in: 'query',
    required: false,
    schema,
  }));
  return {
    ...{ operationId: 'event.fetch', tags: ['event'], security: securityOf(operation) },
    summary: 'Receive messages as CloudEvents, by `Accept`: one (structured), or a list (batch).',
    parameters: [...fields, ...parameters(operation)],
    responses: {
      200: {
        ...{
          description: 'Success. With `mode=binary`: attributes in `ce-` headers, data as body.',
          headers: traced,
        },
        content: {
          ...content(structuredType, received),
          ...content(batchType, listOf(received)),
          '*/*': {},
        },
      },
      204: { description: 'One event was asked for, and there is none.', headers: traced },
      ...failures(operation, ['NOT_ACCEPTABLE']),
    },
  };
}

/** Events are named by their source and id, not by a key. */
const parameters = (operation: OperationSpec): Json[] =>
  headerParameters(operation, operation.http!).filter(({ name }) => name !== 'Idempotency-Key');
