import { SpanKind } from '@opentelemetry/api';
import fc from 'fast-check';
import { activeTrace, inSpan, startTelemetry } from './telemetry';
import { parseTraceparent } from './trace-context';
import { parseTracestate, PassedTraceState } from './trace-state';

type Header = readonly [name: string, value: string];
interface Passed {
  readonly traceId: string;
  readonly parentId: string;
  readonly flags: string;
  readonly tracestate: string | undefined;
}

const [trace, other] = ['12345678901234567890123456789012', '12345678901234567890123456789011'];
const parent = '1234567890123456';
const traceparent: Header = ['traceparent', `00-${trace}-${parent}-00`];

/** What goes out of a span that a request with these headers began: names in any case, equal ones joined, as HTTP does. */
async function pass(...headers: Header[]): Promise<Passed> {
  const textOf = (wanted: string): string =>
    headers
      .filter(([name]) => name.toLowerCase() === wanted)
      .map(([, value]) => value)
      .join(', ');
  const span = { name: 'x', kind: SpanKind.SERVER, traceparent: textOf('traceparent') };
  const out = await inSpan({ ...span, tracestate: textOf('tracestate') }, async () => activeTrace());
  const [version, traceId, parentId, flags, ...rest] = out.traceparent!.split('-');
  expect([version, rest]).toEqual(['00', []]);
  expect(parseTraceparent(out.traceparent!)).toBeDefined();
  expect(parentId).not.toBe(parent);
  return { traceId: traceId!, parentId: parentId!, flags: flags!, tracestate: out.tracestate };
}

const endTelemetry = startTelemetry({
  ...{ serviceName: 'bus', instance: 'bus-1', endpoint: undefined, sampleRatio: 0 },
});
afterAll(endTelemetry);

/** Named after the test suite of W3C (w3c/trace-context, test/test.py). */
describe('a trace', () => {
  it.each<[string, ...string[]]>([
    ['traceparent_included_tracestate_missing', `00-${trace}-${parent}-01`],
    ['traceparent_version_0xcc', `cc-${trace}-${parent}-01`],
    ['traceparent_version_0xcc, longer', `cc-${trace}-${parent}-01-what-the-future-will-be-like`],
    ['traceparent_version_0xcc, with an empty part', `cc-${trace}-${parent}-01-`],
    ['traceparent_ows_handling 1', ` 00-${trace}-${parent}-01`],
    ['traceparent_ows_handling 2', `\t00-${trace}-${parent}-01`],
    ['traceparent_ows_handling 3', `00-${trace}-${parent}-01 `],
    ['traceparent_ows_handling 4', `00-${trace}-${parent}-01\t`],
    ['traceparent_ows_handling 5', `\t 00-${trace}-${parent}-01 \t`],
    ['flags that are not known', `00-${trace}-${parent}-fd`],
  ])('%s / goes on', async (_name, value) => {
    expect((await pass(['traceparent', value!])).traceId).toBe(trace);
  });

  it.each(['TraceParent', 'TrAcEpArEnT', 'TRACEPARENT'])(
    'traceparent_header_name_valid_casing %s / goes on',
    async (name) => expect((await pass([name, traceparent[1]])).traceId).toBe(trace),
  );

  it.each<[string, ...Header[]]>([
    ['both_traceparent_and_tracestate_missing'],
    [
      'traceparent_duplicated',
      ['traceparent', `00-${other}-${parent}-01`],
      ['traceparent', `00-${trace}-${parent}-01`],
    ],
    ['traceparent_duplicated, the same', traceparent, traceparent],
    [
      'traceparent_duplicated, of a later version',
      ['traceparent', `cc-${trace}-${parent}-01-x`],
      ['traceparent', `cc-${other}-${parent}-01-x`],
    ],
    ['traceparent_header_name, trace-parent', ['trace-parent', `00-${trace}-${parent}-01`]],
    ['traceparent_header_name, trace.parent', ['trace.parent', `00-${trace}-${parent}-01`]],
    ['traceparent_version_0x00 with a dot', ['traceparent', `00-${trace}-${parent}-01.`]],
    ['traceparent_version_0x00, longer', ['traceparent', `00-${trace}-${parent}-01-what-the-future`]],
    ['traceparent_version_0x00 with an empty part', ['traceparent', `00-${trace}-${parent}-01-`]],
    ['traceparent_version_0xcc with a dot', ['traceparent', `cc-${trace}-${parent}-01.what-the-future`]],
    ['traceparent_version_0xff', ['traceparent', `ff-${trace}-${parent}-01`]],
    ['traceparent_version_0xff, longer', ['traceparent', `ff-${trace}-${parent}-01-what-the-future`]],
    ['traceparent_version_illegal_characters 1', ['traceparent', `.0-${trace}-${parent}-01`]],
    ['traceparent_version_illegal_characters 2', ['traceparent', `0.-${trace}-${parent}-01`]],
    ['traceparent_version_too_long 1', ['traceparent', `000-${trace}-${parent}-01`]],
    ['traceparent_version_too_long 2', ['traceparent', `0000-${trace}-${parent}-01`]],
    ['traceparent_version_too_short', ['traceparent', `0-${trace}-${parent}-01`]],
    ['traceparent_trace_id_all_zero', ['traceparent', `00-${'0'.repeat(32)}-${parent}-01`]],
    ['traceparent_trace_id_illegal_characters 1', ['traceparent', `00-.${trace.slice(1)}-${parent}-01`]],
    ['traceparent_trace_id_illegal_characters 2', ['traceparent', `00-${trace.slice(1)}.-${parent}-01`]],
    ['traceparent_trace_id_too_long', ['traceparent', `00-${trace}3-${parent}-01`]],
    ['traceparent_trace_id_too_short', ['traceparent', `00-${trace.slice(1)}-${parent}-01`]],
    ['traceparent_parent_id_all_zero', ['traceparent', `00-${trace}-${'0'.repeat(16)}-01`]],
    ['traceparent_parent_id_illegal_characters 1', ['traceparent', `00-${trace}-.${parent.slice(1)}-01`]],
    ['traceparent_parent_id_illegal_characters 2', ['traceparent', `00-${trace}-${parent.slice(1)}.-01`]],
    ['traceparent_parent_id_too_long', ['traceparent', `00-${trace}-${parent}7-01`]],
    ['traceparent_parent_id_too_short', ['traceparent', `00-${trace}-${parent.slice(1)}-01`]],
    ['traceparent_trace_flags_illegal_characters 1', ['traceparent', `00-${trace}-${parent}-.0`]],
    ['traceparent_trace_flags_illegal_characters 2', ['traceparent', `00-${trace}-${parent}-0.`]],
    ['traceparent_trace_flags_too_long', ['traceparent', `00-${trace}-${parent}-001`]],
    ['traceparent_trace_flags_too_short', ['traceparent', `00-${trace}-${parent}-1`]],
    ['upper case in the trace id', ['traceparent', `00-${'A'.repeat(32)}-${parent}-01`]],
    ['upper case in the parent id', ['traceparent', `00-${trace}-${'A'.repeat(16)}-01`]],
    ['upper case in the flags', ['traceparent', `00-${trace}-${parent}-0A`]],
    ['other spaces around it', ['traceparent', `\u00a000-${trace}-${parent}-01\n`]],
    ['tracestate_included_traceparent_missing', ['tracestate', 'foo=1']],
  ])('%s / begins anew, without what came with it', async (_name, ...headers) => {
    const passed = await pass(...headers, ['tracestate', 'bar=2']);
    expect(passed.traceId).toMatch(/^(?!0{32})[0-9a-f]{32}$/);
    expect([trace, other, 'a'.repeat(32)]).not.toContain(passed.traceId);
    expect(passed.tracestate).toBeUndefined();
  });

  it('multiple_requests_with_valid_traceparent / goes on with a parent of its own each time', async () => {
    const passed = await Promise.all([pass(traceparent), pass(traceparent), pass(traceparent)]);
    expect(passed.map(({ traceId }) => traceId)).toEqual([trace, trace, trace]);
    expect(new Set(passed.map(({ parentId }) => parentId)).size).toBe(3);
  });

  it.each([
    ['00', '00'],
    ['01', '01'],
    ['02', '02'],
    ['03', '03'],
    ['ff', '03'],
    ['fc', '00'],
  ])('propagates_random_flag: with the flags %s / goes on with %s', async (flags, wanted) => {
    const passed = await pass(['traceparent', `00-${trace}-${parent}-${flags}`], ['tracestate', 'foo=1']);
    expect(passed).toMatchObject({ traceId: trace, flags: wanted, tracestate: 'foo=1' });
  });

  it('whatever comes / is never half taken over', async () => {
    const near = fc.string({ unit: fc.constantFrom(...'0123456789abcdefAF-.,; \t'), maxLength: 70 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(near, fc.string()), async (value) => {
        const found = parseTraceparent(value);
        const { traceId } = await pass(['traceparent', value]);
        if (found) expect(traceId).toBe(found.traceId);
        else if (value.length > 31) expect(value).not.toContain(traceId);
      }),
    );
  });

  it('that is well-formed, of any version but ff / goes on', () => {
    const hex = (length: number): fc.Arbitrary<string> =>
      fc
        .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
        .filter((text) => /[^0]/.test(text));
    const version = fc.integer({ min: 1, max: 254 }).map((value) => value.toString(16).padStart(2, '0'));
    const rest = fc.string().filter((text) => !text.includes(','));
    fc.assert(
      fc.property(version, hex(32), hex(16), hex(2), rest, (v, traceId, spanId, flags, future) => {
        const wanted = { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
        expect(parseTraceparent(`00-${traceId}-${spanId}-${flags}`)).toEqual(wanted);
        expect(parseTraceparent(`${v}-${traceId}-${spanId}-${flags}-${future}`)).toEqual(wanted);
      }),
    );
  });
});

describe('what other systems passed along', () => {
  const stateOf = async (...states: string[]): Promise<string | undefined> => {
    const passed = await pass(traceparent, ...states.map((state): Header => ['tracestate', state]));
    expect(passed.traceId).toBe(trace);
    return passed.tracestate;
  };
  const numbered = (count: number): string =>
    Array.from({ length: count }, (_, index) => `bar${index + 1}=${index + 1}`).join(',');
  const allValues = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index))
    .filter((character) => character !== ',' && character !== '=')
    .join('');

  it.each<[string, string[], string]>([
    ['tracestate_included_traceparent_included', ['foo=1,bar=2'], 'foo=1,bar=2'],
    ['tracestate_empty_header, last', ['foo=1', ''], 'foo=1'],
    ['tracestate_empty_header, first', ['', 'foo=1'], 'foo=1'],
    [
      'tracestate_multiple_headers_different_keys',
      ['foo=1,bar=2', 'rojo=1,congo=2', 'baz=3'],
      'foo=1,bar=2,rojo=1,congo=2,baz=3',
    ],
    ['tracestate_duplicated_keys, the same', ['foo=1,foo=1'], 'foo=1'],
    ['tracestate_duplicated_keys, others', ['foo=1,foo=2'], 'foo=1'],
    ['tracestate_duplicated_keys, in two headers', ['foo=1', 'foo=2'], 'foo=1'],
    [
      'tracestate_all_allowed_characters',
      [`abcdefghijklmnopqrstuvwxyz0123456789_-*/=${allValues}`],
      `abcdefghijklmnopqrstuvwxyz0123456789_-*/=${allValues}`,
    ],
    ['tracestate_all_allowed_characters with a vendor', [`a0_-*/@a-z0-9_-*/=x`], `a0_-*/@a-z0-9_-*/=x`],
    ['tracestate_ows_handling 1', ['foo=1 \t , \t bar=2, \t baz=3'], 'foo=1,bar=2,baz=3'],
    ['tracestate_ows_handling 2', ['foo=1\t \t,\t \tbar=2,\t \tbaz=3'], 'foo=1,bar=2,baz=3'],
    ['tracestate_ows_handling 3', ['\t foo=1 \t'], 'foo=1'],
    ['spaces before a value', ['foo=  1'], 'foo=  1'],
    ['tracestate_key_illegal_vendor_format, foo@', ['foo@=1,bar=2'], 'foo@=1,bar=2'],
    ['tracestate_key_illegal_vendor_format, foo@@bar', ['foo@@bar=1,bar=2'], 'foo@@bar=1,bar=2'],
    ['a key that begins with a digit', ['1foo=1'], '1foo=1'],
    ['tracestate_member_count_limit, 32', [numbered(32)], numbered(32)],
    ['tracestate_key_length_limit, 256', ['foo=1', `${'z'.repeat(256)}=1`], `foo=1,${'z'.repeat(256)}=1`],
    [
      'more than 512 characters: long ones go first',
      [`a=1,b=${'x'.repeat(256)},c=${'y'.repeat(250)},d=1`],
      `a=1,b=${'x'.repeat(256)},d=1`,
    ],
    [
      'more than 512 characters: then the last',
      [[...'abcdef'].map((key) => `${key}=${'x'.repeat(100)}`).join(',')],
      [...'abcd'].map((key) => `${key}=${'x'.repeat(100)}`).join(','),
    ],
  ])('%s / is passed along', async (_name, states, wanted) => {
    expect(await stateOf(...states)).toBe(wanted);
  });

  it.each<[string, ...string[]]>([
    ['tracestate_empty_header', ''],
    ['tracestate_key_illegal_characters 1', 'foo =1'],
    ['tracestate_key_illegal_characters 2', 'FOO=1'],
    ['tracestate_key_illegal_characters 3', 'foo.bar=1'],
    ['tracestate_key_illegal_vendor_format, @foo', '@foo=1,bar=2'],
    ['tracestate_member_count_limit, 33', numbered(33)],
    ['tracestate_member_count_limit, 33 in two headers', numbered(32), 'bar33=33'],
    ['tracestate_key_length_limit, 257', 'foo=1', `${'z'.repeat(257)}=1`],
    ['tracestate_value_illegal_characters 1', 'foo=bar=baz'],
    ['tracestate_value_illegal_characters 2', 'foo=,bar=3'],
    ['a value that is too long', `foo=${'x'.repeat(257)}`],
    ['a member without a value', 'foo,bar=1'],
    ['control characters', 'foo=\u0001'],
    ['a line break', 'foo=1\r\nx: y'],
  ])('%s / is dropped, and the trace goes on', async (_name, ...states) => {
    expect(await stateOf(...states)).toBeUndefined();
  });

  it.each([['trace-state'], ['trace.state']])(
    'tracestate_header_name %s / is not looked at',
    async (name) => {
      expect((await pass(traceparent, [name!, 'foo=1'])).tracestate).toBeUndefined();
    },
  );

  it.each([['TraceState'], ['TRACESTATE']])('tracestate_header_name_valid_casing %s / is', async (name) => {
    expect((await pass(traceparent, [name!, 'foo=1'])).tracestate).toBe('foo=1');
  });

  it('whatever comes / is passed along well-formed and bounded, or not at all, and the same if passed on again', async () => {
    const near = fc.string({ unit: fc.constantFrom(...'ab=,@ \t1A'), maxLength: 2_000 });
    await fc.assert(
      fc.asyncProperty(fc.oneof(near, fc.string()), async (value) => {
        const passed = await stateOf(value);
        if (passed === undefined) return;
        expect(passed).toMatch(/^[a-z0-9][a-z0-9_\-*/@]*=[ -~]+(,[a-z0-9][a-z0-9_\-*/@]*=[ -~]+)*$/);
        expect(passed.length).toBeLessThanOrEqual(512);
        expect(await stateOf(passed)).toBe(passed);
      }),
    );
  });

  it('can be written by a sampler: what is written comes first, and what is malformed does not come', () => {
    const state = new PassedTraceState(parseTracestate('foo=1,bar=2'), false);
    expect(state.set('bar', '3').serialize()).toBe('bar=3,foo=1');
    expect(state.set('BAR', '3').set('baz', 'a,b').serialize()).toBe('foo=1,bar=2');
    expect(state.unset('foo').serialize()).toBe('bar=2');
    expect([state.get('bar'), state.get('baz')]).toEqual(['2', undefined]);
    expect(
      parseTracestate(new PassedTraceState(parseTracestate(numbered(32)), false).set('new', '1').serialize()),
    ).toHaveLength(32);
  });
});
