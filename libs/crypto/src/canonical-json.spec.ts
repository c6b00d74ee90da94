import { canonicalJson } from './canonical-json';

describe('canonical JSON (RFC 8785)', () => {
  it('orders the keys by UTF-16 code units and writes numbers as ECMAScript does', () => {
    expect(canonicalJson({ b: 1, a: [1e21, 0.1, -0], '\u20ac': '\u000f' })).toBe(
      '{"a":[1e+21,0.1,0],"b":1,"\u20ac":"\\u000f"}',
    );
  });

  it('refuses what has no JSON form', () => {
    expect(() => canonicalJson(undefined)).toThrow(TypeError);
    expect(() => canonicalJson(NaN)).toThrow();
  });
});
