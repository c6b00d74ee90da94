import fc from 'fast-check';
import {
  chainParts,
  type EventEnvelope,
  eventId,
  fromEntryFields,
  sourceUri,
  toEntryFields,
} from './envelope';
import { formatPosition } from './position';

const numbers = fc.nat(Number.MAX_SAFE_INTEGER);
const positions = fc.record({ epoch: numbers, position: numbers });
const text = fc.string({ unit: 'binary', maxLength: 20 });
const textOrNull = fc.option(text);

const signature = fc.record({
  alg: fc.constant('Ed25519' as const),
  kid: fc.string({ minLength: 1, maxLength: 20 }),
  value: fc.stringMatching(/^[A-Za-z0-9_-]{1,90}$/),
});
const envelopes: fc.Arbitrary<EventEnvelope> = fc
  .record({
    type: text,
    source: text,
    subject: text,
    time: text,
    tenant: text,
    actor: text,
    stream: text,
    version: fc.nat(),
    correlation: textOrNull,
    traceparent: textOrNull,
    data: fc.json(),
    at: positions,
    prev: positions,
    prevHash: textOrNull,
    hash: textOrNull,
    signatures: fc.array(signature, { maxLength: 4 }),
  })
  .map((envelope) => ({ ...envelope, id: eventId('iam', envelope.at) }));

const example: EventEnvelope = {
  id: 'iam:1763640000000:42',
  type: 'concordat.iam.agent.revoked.v1',
  source: sourceUri('iam'),
  subject: 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  time: '2025-11-20T13:42:01.123Z',
  tenant: 'default',
  actor: 'apiKey:0001020304050607',
  stream: 'agent/did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  version: 2,
  correlation: 'order-42',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  data: '{"did":"did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp","reason":"lost"}',
  at: { epoch: 1763640000000, position: 42 },
  prev: { epoch: 1763640000000, position: 41 },
  prevHash: 'A'.repeat(43),
  hash: 'B'.repeat(42) + 'A',
  signatures: [{ alg: 'Ed25519', kid: 'k1', value: 'C'.repeat(86) }],
};
const entryId = '1763640000000-42';
const fields = toEntryFields(example);
const replaced = (name: string, value: string): string[] =>
  fields.map((field, i) => (i % 2 === 1 && fields[i - 1] === name ? value : field));
const without = (name: string): string[] => fields.filter((_, i) => fields[i - (i % 2)] !== name);

describe('the entry of an event', () => {
  it('comes back as the event that went in', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => {
        expect(fromEntryFields(formatPosition(envelope.at), toEntryFields(envelope))).toEqual(envelope);
      }),
    );
  });

  it('may have its fields in any order, and others beside them', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(pairs(fields), { minLength: fields.length / 2 }), (order) => {
        expect(fromEntryFields(entryId, [...order.flat(), 'extra', 'x'])).toEqual(example);
      }),
    );
  });

  it('leaves out what is not there', () => {
    const bare = {
      ...example,
      correlation: null,
      traceparent: null,
      prevHash: null,
      hash: null,
      signatures: [],
    };
    const names = pairs(toEntryFields(bare)).map(([name]) => name);
    for (const name of ['correlation', 'traceparent', 'prev_hash', 'hash', 'sig'])
      expect(names).not.toContain(name);
    expect(fromEntryFields(entryId, toEntryFields(bare))).toEqual(bare);
  });

  it('carries the bytes of the data untouched', () => {
    const data = '{ "b":1.0,\n"a":"\\u0061" }';
    expect(fromEntryFields(entryId, replaced('data', data)).data).toBe(data);
  });
});

describe('an entry that Concordat did not write', () => {
  it.each([
    'ce_specversion',
    'ce_id',
    'ce_type',
    'ce_source',
    'ce_subject',
    'ce_time',
    'tenant',
    'actor',
    'stream',
    'version',
    'prev',
    'data',
  ])('without %s is refused', (name) => {
    expect(() => fromEntryFields(entryId, without(name))).toThrow(name);
  });

  it.each([
    ['version', 'two'],
    ['version', ''],
    ['version', '-1'],
    ['version', '1.5'],
    ['version', '1e3'],
    ['version', '0x10'],
    ['version', '02'],
    ['version', ' 2'],
    ['version', '9007199254740993'],
    ['prev', ''],
    ['prev', '41'],
    ['prev', '1763640000000-041'],
    ['prev', '1763640000000-9007199254740993'],
    ['ce_specversion', '0.3'],
    ['ce_id', 'iam:1763640000000:43'],
    ['ce_id', ''],
    ['sig', ''],
    ['sig', '{'],
    ['sig', '{}'],
    ['sig', '[{"alg":"none","kid":"k","value":"AA"}]'],
    ['sig', '[{"alg":"Ed25519","kid":"k"}]'],
    ['sig', '[{"alg":"Ed25519","kid":"k","value":"A A"}]'],
    ['sig', JSON.stringify(Array.from({ length: 5 }, () => example.signatures[0]))],
  ])('with %s = %j is refused', (name, value) => {
    expect(() => fromEntryFields(entryId, replaced(name, value))).toThrow();
  });

  it.each(['', '42', '01763640000000-42', '1763640000000-42-0', '*', '1763640000000-43'])(
    'under the id %j is refused',
    (id) => {
      expect(() => fromEntryFields(id, fields)).toThrow();
    },
  );

  it('with a field twice or without its value is refused', () => {
    expect(() => fromEntryFields(entryId, [...fields, 'tenant', 'other'])).toThrow('repeats');
    expect(() => fromEntryFields(entryId, [...fields, 'tenant'])).toThrow('repeats');
    expect(() => fromEntryFields(entryId, fields.slice(0, -1))).toThrow('repeats');
    expect(() => fromEntryFields(entryId, [])).toThrow();
  });
});

describe('what the chain covers', () => {
  it('is every field but the hashes and signatures', () => {
    const covered = chainParts(example);
    for (const name of ['type', 'source', 'subject', 'time', 'tenant', 'actor', 'stream', 'data'] as const)
      expect(chainParts({ ...example, [name]: `${example[name]}x` })).not.toEqual(covered);
    expect(chainParts({ ...example, version: 3 })).not.toEqual(covered);
    expect(chainParts({ ...example, prev: example.at })).not.toEqual(covered);
    expect(chainParts({ ...example, correlation: null })).not.toEqual(covered);
    expect(chainParts({ ...example, traceparent: null })).not.toEqual(covered);
    expect(chainParts({ ...example, id: eventId('iam', example.prev) })).not.toEqual(covered);
  });
});

function pairs(list: readonly string[]): [string, string][] {
  return list.flatMap((name, i) => (i % 2 === 0 ? [[name, list[i + 1]!] as [string, string]] : []));
}
