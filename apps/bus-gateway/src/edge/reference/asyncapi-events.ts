import { eventList, type EventSpec, sealedValue, services } from '@concordat/contracts';
import { type Json, schemaOf } from '../http/openapi-parts';
import { type Channels, refer } from './channels';

const text: Json = { type: 'string' };
const position: Json = { type: 'string', pattern: '^\\d+-\\d+$' };

/** The fields of an entry beside its data: attributes of CloudEvents 1.0 and ours, all of them texts. */
const eventHeaders: Json = {
  type: 'object',
  required:
    'ce_specversion ce_id ce_type ce_source ce_subject ce_time tenant actor stream version prev'.split(' '),
  properties: {
    ce_specversion: { const: '1.0' },
    ce_id: { ...text, description: '`<source>:<epoch>:<position>`, unique for all time.' },
    ce_type: text,
    ce_source: { ...text, description: 'URI reference of the service.' },
    ce_subject: { ...text, description: 'What the event is about.' },
    ce_time: { type: 'string', format: 'date-time' },
    tenant: text,
    actor: { ...text, description: 'Who caused it.' },
    stream: { ...text, description: 'Aggregate; empty for an event without one.' },
    version: { ...text, description: 'Version of the aggregate after the event.' },
    prev: { ...position, description: 'The entry before this one: another one there is a gap.' },
    correlation: { ...text, description: 'The conversation that it belongs to.' },
    traceparent: { ...text, description: 'W3C Trace Context.' },
    prev_hash: { ...text, description: 'Chain hash of the entry before this one.' },
    hash: { ...text, description: 'Chain hash over all entries up to this one.' },
    sig: { ...text, description: 'JSON: signatures over the chain head.' },
  },
};

/** A channel for the events of each service, as they are published. */
export const eventChannels = (): Channels => ({
  channels: Object.fromEntries(services.map((service) => [`events.${service}`, describeChannel(service)])),
  operations: Object.fromEntries(services.map((service) => [`events.${service}`, operationOf(service)])),
  messages: Object.fromEntries(eventList.map((spec) => [spec.type, describeEvent(spec)])),
  schemas: {
    EventHeaders: eventHeaders,
    Sealed: {
      ...schemaOf(sealedValue, 'output', 'draft-7'),
      description: 'Encrypted under a key of its subject.',
    },
    Withheld: {
      type: 'object',
      required: ['sha256'],
      properties: { sha256: text },
      additionalProperties: false,
      description: 'Never leaves the store of its service: this is its hash.',
    },
    ...Object.fromEntries(eventList.map((spec) => [spec.type, describeData(spec)])),
  },
});

const eventsOf = (service: string): EventSpec[] =>
  eventList.filter(({ type }) => type.startsWith(`concordat.${service}.`));

/** Not by address: braces, which tell a cluster where a stream lies, would be parameters here. */
const describeChannel = (service: string): Json => ({
  address: null,
  title: `concordat.${service}`,
  description: [
    `Redis streams whose keys are \`cc:{\`, the source, \`}:events\`. Sources are \`${service}\` or its partitions`,
    `\`${service}.<n>\`, and \`${service}.feed\` for refusals and audited reads. The data is in the field \`data\`.`,
  ].join(' '),
  servers: [refer('servers', 'events')],
  messages: Object.fromEntries(
    eventsOf(service).map(({ type }) => [type, refer('components', 'messages', type)]),
  ),
});

const operationOf = (service: string): Json => ({
  action: 'send',
  summary: `What happened in ${service}, once and in order.`,
  channel: refer('channels', `events.${service}`),
});

const describeEvent = ({ type, summary, control }: EventSpec): Json => ({
  ...{ name: type, summary, contentType: 'application/json' },
  ...(control ? { description: 'Travels on the control lane too, ahead of everything else.' } : {}),
  headers: {
    allOf: [refer('components', 'schemas', 'EventHeaders'), { properties: { ce_type: { const: type } } }],
  },
  payload: refer('components', 'schemas', type),
});

/** The data as it is published: without what the stream does not hold in clear. */
function describeData({ data, sealed, local = [] }: EventSpec): Json {
  const schema = schemaOf(data, 'output', 'draft-7') as { properties: Json };
  const hidden = [
    ...(sealed?.fields ?? []).map((field) => [field, refer('components', 'schemas', 'Sealed')]),
    ...local.map((field) => [field, refer('components', 'schemas', 'Withheld')]),
  ];
  return { ...schema, properties: { ...schema.properties, ...Object.fromEntries(hidden) } };
}
