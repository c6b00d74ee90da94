import type { JsonValue } from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import fc from 'fast-check';
import { parse } from 'protobufjs';
import { compileSchema, incompatibility } from './compile-schema';

const proto = `
  syntax = "proto3";
  package shop;
  enum State { NEW = 0; PAID = 1; }
  message Line { string sku = 1; int32 count = 2; repeated Line parts = 3; }
  message Order {
    string id = 1;
    repeated Line lines = 2;
    State state = 3;
    repeated sint32 numbers = 4;
    map<string, double> prices = 5;
    oneof note { string text = 6; bytes file = 7; }
  }`;
const source = (text: string, message = 'shop.Order') => ({
  encoding: 'protobuf' as const,
  schema: { proto: text, message },
});
const Order = parse(proto, { keepCase: true }).root.lookupType('shop.Order');
const check = compileSchema(source(proto));
const order = {
  ...{ id: 'o-1', state: 1, numbers: [1, -2, 300], prices: { a: 1.5, ü: -0 }, text: 'ü' },
  lines: [{ sku: 'a', count: -1 }, { parts: [{ sku: 'b' }, {}] }],
};
const bytes = Order.encode(order).finish();
const encoded = (...parts: number[]): string => toBase64url(Uint8Array.from(parts));

describe('a payload in protobuf', () => {
  it('is taken as its writer writes it, lists packed or not', () => {
    expect(check(toBase64url(bytes))).toEqual([]);
    expect(check('')).toEqual([]);
    expect(check(encoded(0x20, 1, 0x20, 2))).toEqual([]);
  });

  it.each<[string, unknown, string, RegExp]>([
    ['is no base64url', 'a=', '/payload', /base64url/],
    ['is an object', { id: 'o-1' }, '/payload', /base64url/],
    ['has a field that is not there', encoded(0x58, 1), '/payload', /the field 11/],
    ['writes a field otherwise', encoded(0x08, 1), '/payload/id', /must be written as string/],
    ['is wrong further in', encoded(0x12, 2, 0x12, 0), '/payload/lines/count', /written as int32/],
    ['has a value that the enum lacks', encoded(0x18, 9), '/payload/state', /enum/],
    ['ends too early', encoded(0x0a, 5, 65), '/payload/id', /middle of a field/],
    [
      'says more of an inner message than there is',
      encoded(0x12, 1, 0x0a, 1, 65),
      '/payload/lines/sku',
      /middle/,
    ],
    ['has a number that does not end', encoded(0x18, ...Array<number>(11).fill(0x80), 1), '/payload', /./],
    ['is no UTF-8', encoded(0x0a, 1, 0xff), '/payload/id', /UTF-8/],
    ['is nested without end', nestedLines(40), `/payload/lines${'/parts'.repeat(32)}`, /nested/],
  ])('that %s is refused with the place and the reason', (_, payload, pointer, message) =>
    expect(check(payload as string)).toMatchObject([
      { pointer, message: expect.stringMatching(message) as string },
    ]),
  );

  it('that is cut or changed anywhere is taken or refused, never more', () =>
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.boolean(), (at, byte, isCut) => {
        const damaged = Uint8Array.from(isCut ? bytes.subarray(0, at) : bytes);
        if (!isCut) damaged[at] = byte;
        expect(check(toBase64url(damaged)).length).toBeLessThan(2);
      }),
    ));

  it('must have what is required', () => {
    const required = compileSchema(source('syntax = "proto2"; message A { required int32 a = 1; }', 'A'));
    expect(required('')).toMatchObject([{ message: 'must have the field a' }]);
    expect(required(encoded(8, 1))).toEqual([]);
  });
});

function nestedLines(levels: number): string {
  let inner: number[] = [];
  const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, value >> 7]);
  for (let level = 0; level < levels; level++)
    inner = [level === levels - 1 ? 0x12 : 0x1a, ...varint(inner.length), ...inner];
  return encoded(...inner);
}

describe('a text that would be a danger', () => {
  it.each([
    ['imports another', 'import "google/protobuf/any.proto"; message A {}', 'A'],
    ['lacks the message', 'message A {}', 'B'],
    ['names a type that is not there', 'syntax = "proto3"; message A { Missing a = 1; }', 'A'],
    ['is no .proto', '}{', 'A'],
    ['is nested without end', 'message A{'.repeat(6_000), 'A'],
    ['names an enum', 'enum A { B = 0; }', 'A'],
    [
      'has too many fields',
      `message A { ${Array.from({ length: 2_001 }, (_, at) => `optional int32 a${at} = ${at + 1};`).join(' ')} }`,
      'A',
    ],
  ])('because it %s is refused', (_, text, message) =>
    expect(() => compileSchema(source(text, message))).toThrow(
      expect.objectContaining({ code: 'SCHEMA_INVALID' }) as Error,
    ),
  );

  it('because it is not {proto, message} is refused', () => {
    const none: JsonValue[] = [{}, { proto: 1, message: 'A' }, { proto, message: 'shop.Order', more: 1 }];
    for (const schema of none)
      expect(() => compileSchema({ encoding: 'protobuf', schema })).toThrow(/SCHEMA_INVALID/);
  });
});

describe('a newer version in protobuf', () => {
  const change = (from: string, to: string) =>
    incompatibility(source(proto), source(proto.replace(from, to)));

  it.each([
    ['removes a field', 'string id = 1;', '', /removed/],
    ['gives a field another number', 'string id = 1;', 'string id = 10;', /removed/],
    ['changes a type', 'int32 count = 2', 'bool count = 2', /from int32 to bool/],
    ['makes a field a list', 'string id = 1;', 'repeated string id = 1;', /list/],
    ['removes a value', 'PAID = 1;', '', /lost the value 1/],
    [
      'takes a field out of its oneof',
      'oneof note { string text = 6; bytes file = 7; }',
      'string text = 6; bytes file = 7;',
      /oneof/,
    ],
  ])('that %s is refused', (_, from, to, message) =>
    expect(change(from, to)).toMatchObject({
      pointer: '/proto',
      message: expect.stringMatching(message) as string,
    }),
  );

  it.each([
    ['adds a field', 'string id = 1;', 'string id = 1; string more = 9;'],
    ['adds a value', 'PAID = 1;', 'PAID = 1; SENT = 2;'],
    ['renames a field', 'string id = 1;', 'string name = 1;'],
    ['widens a number', 'int32 count', 'int64 count'],
  ])('that %s is compatible', (_, from, to) => expect(change(from, to)).toBeUndefined());

  it('that is JSON is refused', () =>
    expect(incompatibility(source(proto), { encoding: 'json', schema: {} })).toMatchObject({
      pointer: '/encoding',
    }));
});
