/** The types that attributes of CloudEvents 1.0.2 have, as texts: each returns what is wrong, or undefined. */

const pct = '%[0-9A-Fa-f]{2}';
const name = `(?:[A-Za-z0-9._~!$&'()*+,;=-]|${pct})`;
const pchar = `(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|${pct})`;
const pcharButColon = `(?:[A-Za-z0-9._~!$&'()*+,;=@-]|${pct})`;
const authority = `(?:(?:[A-Za-z0-9._~!$&'()*+,;=:-]|${pct})*@)?(?:\\[[0-9A-Fa-fvV:.]+\\]|${name}*)(?::[0-9]*)?`;
/** @param first a character of a first segment that no slash stands before */
const hierarchy = (first: string): string =>
  `(?://${authority}(?:/${pchar}*)*|/(?:${pchar}+(?:/${pchar}*)*)?|(?:${first}+(?:/${pchar}*)*)?)`;
const tail = `(?:\\?(?:${pchar}|[/?])*)?(?:#(?:${pchar}|[/?])*)?`;

/** RFC 3986 §3: a scheme and what follows it. A fragment is taken: schemas are addressed with one. */
const uriPattern = new RegExp(`^[A-Za-z][A-Za-z0-9+.-]*:${hierarchy(pchar)}${tail}$`);
/** RFC 3986 §4.2: no colon in the first segment of a path that begins with no slash. */
const relativePattern = new RegExp(`^${hierarchy(pcharButColon)}${tail}$`);

export const uriFault = (text: string): string | undefined =>
  uriPattern.test(text) ? undefined : 'must be an absolute URI (RFC 3986), e.g. https://example.com/schema';

export const uriReferenceFault = (text: string): string | undefined =>
  uriPattern.test(text) || relativePattern.test(text)
    ? undefined
    : 'must be a URI-reference (RFC 3986), e.g. /sensors/7 or https://example.com; percent-encode what is not ASCII';

const timePattern =
  /^(\d{4})-(\d\d)-(\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)$/;

const lastDay = (year: number, month: number): number =>
  new Date(Date.UTC(2000 + (year % 400), month, 0)).getUTCDate();

/** RFC 3339 §5.6, §5.7. */
export function timestampFault(text: string): string | undefined {
  const match = timePattern.exec(text);
  const [year, month, day] = (match ?? []).slice(1, 4).map(Number) as [number, number, number];
  const isDay = match !== null && month >= 1 && month <= 12 && day >= 1 && day <= lastDay(year, month);
  return isDay ? undefined : 'must be a time of RFC 3339, e.g. 2026-01-31T12:00:00Z';
}

const token = "[A-Za-z0-9!#$%&'*+.^_`|~-]+";
const parameter = `[ \\t]*;[ \\t]*${token}=(?:${token}|"(?:[\\t !#-\\[\\]-~]|\\\\[\\t -~])*")`;
const mediaTypePattern = new RegExp(`^${token}/${token}(?:${parameter})*$`);

/** RFC 2046, in the grammar of RFC 9110 §8.3.1. */
export const mediaTypeFault = (text: string): string | undefined =>
  mediaTypePattern.test(text) ? undefined : 'must be a media type (RFC 2046), e.g. application/json';

/** Control characters, characters that Unicode has none of, and halves of pairs (CloudEvents 1.0.2, Type System). */
const disallowed = /[\p{Cc}\p{Noncharacter_Code_Point}\p{Surrogate}]/u;

export const stringFault = (text: string): string | undefined =>
  disallowed.test(text) ? 'must hold no control characters, noncharacters or unpaired surrogates' : undefined;
