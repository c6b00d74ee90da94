import { ConcordatError } from '../errors';
import { limits } from '../limits';

/**
 * Parses JSON from strangers (RFC 8259, restricted as I-JSON, RFC 7493): Unicode must be well formed, objects may
 * not repeat a key, integers must be exact and other numbers within the range of a double, nesting and size are
 * bounded, and the keys that reach a prototype (`__proto__`) are refused. One scan decides all of this without recursion, so no
 * input can overflow the stack; only then `JSON.parse` builds the value.
 *
 * @param input bytes of the body, or text already decoded
 * @throws ConcordatError JSON_MALFORMED, JSON_TOO_DEEP, JSON_DUPLICATE_KEY, JSON_FORBIDDEN_KEY,
 *   JSON_NUMBER_UNSAFE, PAYLOAD_TOO_LARGE
 */
export function parseStrictJson(input: Uint8Array | string, maxBytes: number = limits.jsonBytes): unknown {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : input.byteLength;
  if (size > maxBytes) {
    throw new ConcordatError(
      'PAYLOAD_TOO_LARGE',
      `The JSON text has ${size} bytes; the limit is ${maxBytes}.`,
    );
  }
  const text = typeof input === 'string' ? requireUnicode(input) : decodeUtf8(input);
  const value = parse(text);
  scan(text);
  return value;
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new ConcordatError('JSON_MALFORMED', 'The body is not well-formed UTF-8.');
  }
}

const loneSurrogate = /\p{Surrogate}/u;

/** A lone surrogate has no UTF-8 form, so no canonical bytes to hash or sign (RFC 7493 §2.1). */
function requireUnicode(text: string): string {
  if (loneSurrogate.test(text)) {
    throw new ConcordatError(
      'JSON_MALFORMED',
      'A string holds an unpaired surrogate, which is not a character.',
    );
  }
  return text;
}

function parse(text: string): unknown {
  // The depth is checked before JSON.parse: V8 accepts a million levels that later code cannot walk.
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConcordatError('JSON_MALFORMED', `The body is not JSON: ${positionOnly(error)}`);
  }
}

/**
 * V8 quotes the input in its message; the body may hold a secret, so only the place is kept. It stands at the end, where
 * a quoted input never does: that one is followed by "is not valid JSON".
 */
function positionOnly(error: unknown): string {
  const at = / JSON at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(String(error));
  return at
    ? `unexpected character at position ${at[1]}.`
    : 'it ends too early or holds an unexpected character.';
}

function checkDepth(text: string): void {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) i = endOfString(text, i);
    else if (c === 0x5b || c === 0x7b) {
      if (++depth > limits.jsonDepth) {
        throw new ConcordatError('JSON_TOO_DEEP', `The JSON nests deeper than ${limits.jsonDepth} levels.`);
      }
    } else if (c === 0x5d || c === 0x7d) depth--;
  }
}

/** Index of the closing quote of the string that opens at `start` (or the end of the text). */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    // An even number of them escape each other; the quote that opens the string is none of them.
    if (slashes % 2 === 0) return end;
  }
  return text.length;
}

/** The text is valid JSON by now: look only for repeated or forbidden keys and for numbers a double cannot hold. */
function scan(text: string): void {
  const objects: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const end = endOfString(text, i);
      const after = skipSpace(text, end + 1);
      const keys = objects.at(-1);
      const value = openString(text, i, end);
      if (keys && text.charCodeAt(after) === 0x3a) checkKey(value, keys);
      i = end;
    } else if (c === 0x7b) objects.push(new Set());
    else if (c === 0x5b) objects.push(undefined);
    else if (c === 0x7d || c === 0x5d) objects.pop();
    else if (c === 0x2d || (c >= 0x30 && c <= 0x39)) i = checkNumber(text, i);
  }
}

function skipSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length && text.charCodeAt(i) <= 0x20) i++;
  return i;
}

function checkKey(key: string, seen: Set<string>): void {
  if (key === '__proto__') {
    throw new ConcordatError('JSON_FORBIDDEN_KEY', 'The key "__proto__" is not accepted.');
  }
  if (seen.has(key)) {
    throw new ConcordatError(
      'JSON_DUPLICATE_KEY',
      `The key ${JSON.stringify(key.slice(0, 64))} appears twice in one object.`,
    );
  }
  seen.add(key);
}

/** The string between the quotes at `start` and `end`; lone surrogates can only hide in its escapes by now. */
function openString(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end);
  return raw.includes('\\') ? requireUnicode(JSON.parse(text.slice(start, end + 1)) as string) : raw;
}

/** @returns the index of the last character of the number that begins at `start` */
function checkNumber(text: string, start: number): number {
  let end = start + 1;
  let isWhole = true;
  for (let c = text.charCodeAt(end); isDigit(c) || isMark(c); c = text.charCodeAt(++end)) {
    if (isMark(c)) isWhole = false;
  }
  if (isWhole && end - start <= 15) return end - 1;
  const raw = text.slice(start, end);
  if (!isExact(Number(raw), raw, isWhole)) {
    throw new ConcordatError(
      'JSON_NUMBER_UNSAFE',
      `The number at position ${start} does not fit a double exactly; send it as a string.`,
    );
  }
  return end - 1;
}

/**
 * Whole numbers are exact however they are written: `1e20` is one that JSON.stringify writes digit by digit, and whoever
 * reads what we have written must find it as sound as we did. From 10^21 on it writes an exponent (ECMA-262 §6.1.6.1.20),
 * and so does whoever sends an estimate of that size.
 */
function isExact(value: number, raw: string, isWhole: boolean): boolean {
  if (!Number.isFinite(value) || isLostZero(value, raw)) return false;
  if (Number.isSafeInteger(value) || !Number.isInteger(value)) return true;
  return !isWhole && Math.abs(value) >= 1e21;
}

const isDigit = (c: number): boolean => c >= 0x30 && c <= 0x39;
/** Point, exponent or sign of the exponent. */
const isMark = (c: number): boolean => c === 0x2e || c === 0x65 || c === 0x45 || c === 0x2b || c === 0x2d;
/** Too small for a double: zero, although a digit before the exponent is not. */
const isLostZero = (value: number, raw: string): boolean => value === 0 && /^[^eE]*[1-9]/.test(raw);
