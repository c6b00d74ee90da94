import fc from 'fast-check';
import { isConcordatError } from '../errors';
import { parseStrictJson } from './strict-json';

/** What a stranger sends to make us crash, disagree with JSON.parse, or tell what another sent. */
describe('any bytes', () => {
  const jsonLike = fc.string({
    unit: fc.constantFrom(
      ...'{}[]":,\\u01-.eE a\n',
      '\\u0061',
      '"a"',
      '"a":',
      '\\ud800',
      '__proto__',
      'true',
      '\ud800',
    ),
    maxLength: 30,
  });
  const mutated = fc
    .tuple(fc.json({ maxDepth: 3 }), fc.nat(), fc.nat(3), fc.string({ maxLength: 2 }))
    .map(([text, at, removed, added]) => {
      const place = at % (text.length + 1);
      return text.slice(0, place) + added + text.slice(place + removed);
    });

  it('are read as JSON.parse reads them, or refused with an error of ours', () => {
    const inputs = fc.oneof(fc.uint8Array({ maxLength: 50 }), jsonLike, mutated);
    fc.assert(
      fc.property(inputs, (input) => {
        let value: unknown;
        try {
          value = parseStrictJson(input);
        } catch (error) {
          expect(isConcordatError(error)).toBe(true);
          expect(error).toHaveProperty('code', expect.stringMatching(/^JSON_/));
          return;
        }
        expect(value).toEqual(
          JSON.parse(typeof input === 'string' ? input : Buffer.from(input).toString('utf8')),
        );
      }),
      { numRuns: 10_000 },
    );
  });

  it('that are taken are taken again as they are written on: nobody behind the door refuses them', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,24})(\.\d{1,4})?(e[+-]?\d{1,3})?$/);
    let taken = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          jsonLike,
          mutated,
          digits,
          digits.map((n) => `{"a":[${n}]}`),
        ),
        (text) => {
          let value: unknown;
          try {
            value = parseStrictJson(text);
          } catch {
            return;
          }
          taken++;
          expect(parseStrictJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
      { numRuns: 5_000 },
    );
    expect(taken).toBeGreaterThan(500);
  });

  it('that JSON.parse refuses are refused', () => {
    fc.assert(
      fc.property(fc.oneof(jsonLike, mutated), (text) => {
        let isJson = true;
        try {
          JSON.parse(text);
        } catch {
          isJson = false;
        }
        if (!isJson) expect(() => parseStrictJson(text)).toThrow(/^JSON_(MALFORMED|TOO_DEEP)/);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the error for a body with a secret', () => {
  /** Everything of an error that is ever shown or logged. */
  function facesOf(text: string): string[] {
    try {
      parseStrictJson(text);
      return [];
    } catch (error) {
      if (!isConcordatError(error)) throw error;
      expect(error.cause).toBeUndefined();
      return [error.message, error.detail, JSON.stringify(error.errors)];
    }
  }

  it('says where and never what: no value of the input is in it, however the body is broken', () => {
    const secret = 'hunter2S3cr3t';
    const bodies = fc
      .tuple(
        fc.constantFrom(
          `{"password":"${secret}"}`,
          `["${secret}",1]`,
          `{"a":{"token":"${secret}","b":[1e5]}}`,
          secret,
        ),
        fc.nat(),
        fc.constantFrom('', '"', '\\', ',', '}', ']', 'x', '\n', ':', '\\ud800', '1e999'),
        fc.nat(2),
      )
      .map(([body, at, added, removed]) => {
        const place = at % (body.length + 1);
        return body.slice(0, place) + added + body.slice(place + removed);
      });
    // V8 quotes ten characters on either side of the place, so fragments are looked for too.
    const fragments = Array.from({ length: secret.length - 4 }, (_, i) => secret.slice(i, i + 5));
    let refused = 0;
    fc.assert(
      fc.property(bodies, (body) => {
        const faces = facesOf(body);
        refused += faces.length;
        for (const face of faces) expect(fragments.filter((fragment) => face.includes(fragment))).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
    expect(refused).toBeGreaterThan(0);
  });

  it.each(['["at position 42",x', '["at position 4",x]', 'at position 7', 'JSON at position 8'])(
    'does not take a place from the quoted input: %s',
    (body) => {
      const [message] = facesOf(body) as [string];
      expect(message).toContain('The body is not JSON');
      expect(message).not.toMatch(/\d/);
    },
  );

  it('names the place where V8 knows it', () => {
    expect(facesOf('{"a":1,}')[1]).toBe('The body is not JSON: unexpected character at position 7.');
    expect(facesOf('[1,2')[1]).toMatch(/^The body is not JSON: /);
  });

  it('does not quote a number or a value of a refused key', () => {
    expect(facesOf('{"card":4111111111111111111}').join()).not.toContain('4111');
    expect(facesOf('{"a":"S3cr3t","a":"S3cr3t"}').join()).not.toContain('S3cr3t');
    expect(facesOf('{"a":"S3cr3t","__proto__":"S3cr3t"}').join()).not.toContain('S3cr3t');
  });

  it('quotes at most 64 characters of a repeated key', () => {
    const key = 'k'.repeat(10_000);
    expect(facesOf(`{"${key}":1,"${key}":2}`)[1]!.length).toBeLessThan(150);
  });
});
