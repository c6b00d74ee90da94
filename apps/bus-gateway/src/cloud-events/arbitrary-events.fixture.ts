import { type AttributeValue, type JsonValue, parseStrictJson } from '@concordat/contracts';
import fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import type { CloudEvent, EventData } from './cloud-event';
import { declaresJson } from './media-type';

/** Names that mean something to the mapping, or to JavaScript, as well as any. */
const core = new Set(
  [
    ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'dataschema', 'datacontenttype', 'data'],
    ...[
      'to',
      'messagetype',
      'priority',
      'correlationid',
      'replyto',
      'ttlseconds',
      'delayseconds',
      'expirytime',
    ],
    ...[
      'partitionkey',
      'traceparent',
      'tracestate',
      'from',
      'messageid',
      'deliverytoken',
      'attempt',
      'leaseseconds',
    ],
  ].map(String),
);
const text = fc
  .string({ unit: 'grapheme', maxLength: 20 })
  .filter((value) => !/[\p{Cc}\p{NChar}\p{Cs}]/u.test(value));
const filled = text.filter((value) => value !== '');
const name = fc.oneof(
  fc.stringMatching(/^[a-z0-9]{1,20}$/).filter((value) => !core.has(value)),
  fc.constantFrom('constructor', 'valueof', 'sequence', 'mode', 'encoding'),
);
const value: fc.Arbitrary<AttributeValue> = fc.oneof(text, fc.boolean(), fc.integer());
const time = fc
  .date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') })
  .map((date) => date.toISOString());

/** What the strict parser takes, as it gives it. */
const json = fc.jsonValue({ maxDepth: 4 }).filter(isStrict) as fc.Arbitrary<JsonValue>;
function isStrict(found: unknown): boolean {
  try {
    return isDeepStrictEqual(parseStrictJson(JSON.stringify(found)), found);
  } catch {
    return false;
  }
}

const bytes = fc.uint8Array({ maxLength: 200 }).map((found) => Buffer.from(found).toString('base64'));

function dataFor(type: string | undefined): fc.Arbitrary<EventData | undefined> {
  const holds = type === undefined || declaresJson(type) ? json : (fc.string() as fc.Arbitrary<JsonValue>);
  return fc.option(
    fc.oneof(
      holds.map((found) => ({ encoding: 'json' as const, value: found })),
      bytes.map((found) => ({ encoding: 'base64' as const, value: found })),
    ),
    { nil: undefined },
  );
}

/** Sound events of every kind, to one recipient. */
export const arbitraryEvent = (to: string, replyto: string): fc.Arbitrary<CloudEvent> =>
  fc
    .constantFrom(
      ...['application/json', 'application/geo+json; charset=UTF-8', 'text/plain', 'image/png'],
      'text/x; charset=latin1',
      undefined,
    )
    .chain((datacontenttype) =>
      fc
        .record({
          data: dataFor(datacontenttype),
          required: fc.record({ id: filled, type: filled, source: fc.webPath().map((path) => `/s${path}`) }),
          optional: fc.record(
            { subject: filled, time, dataschema: fc.webUrl(), traceparent: text, partitionkey: filled },
            { requiredKeys: [] },
          ),
          delivery: fc.record(
            {
              messagetype: fc.constantFrom('COMMAND', 'QUERY', 'RESPONSE', 'EVENT', 'NOTIFICATION'),
              priority: fc.constantFrom('URGENT', 'HIGH', 'NORMAL', 'LOW'),
              correlationid: fc.stringMatching(/^[\x21-\x7e]{1,40}$/),
              ttlseconds: fc.integer({ min: 60, max: 86_400 }),
              replyto: fc.constant(replyto),
            },
            { requiredKeys: [] },
          ),
          extensions: fc.dictionary(name, value, { maxKeys: 5, noNullPrototype: true }),
        })
        .map(({ data, required, optional, delivery, extensions }) => ({
          context: {
            ...{ specversion: '1.0', ...required, to, ...optional, ...delivery, ...extensions },
            ...(datacontenttype !== undefined && { datacontenttype }),
          },
          data,
        })),
    );
