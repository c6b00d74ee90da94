import canonicalize from 'canonicalize';

/**
 * JSON Canonicalization Scheme (RFC 8785): one text per value, to hash and to sign.
 * @param value JSON that passed the strict parser (bounded depth, no unsafe numbers)
 * @throws Error for what is not JSON: undefined, functions, NaN, infinities
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('the value has no JSON form');
  return text;
}
