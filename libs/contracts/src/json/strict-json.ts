import { ConcordatError } from '../errors';
import { limits } from '../limits';

/**
 * Parses JSON from strangers (RFC 8259, restricted as I-JSON, RFC 7493): UTF-8 must be well formed, objects may
 * not repeat a key, numbers must survive a round trip through a double, nesting and size are bounded, and the
 * keys that reach a prototype (`__proto__`) are refused. One scan decides all of this without recursion, so no
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
  const text = typeof input === 'string' ? input : decodeUtf8(input);
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

function parse(text: string): unknown {
  // The depth is checked before JSON.parse: V8 accepts a million levels that later code cannot walk.
  checkDepth(text);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConcordatError('JSON_MALFORMED', `The body is not JSON: ${positionOnly(error)}`);
  }
}

/** V8 quotes the input in its message; the body may hold a secret, so only the place is kept. */
function positionOnly(error: unknown): string {
  const at = /at position (\d+)/.exec(String(error));
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
  for (let i = start + 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x5c) i++;
    else if (c === 0x22) return i;
  }
  return text.length;
}

const numberPattern = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** The text is valid JSON by now: look only for repeated or forbidden keys and for numbers a double cannot hold. */
function scan(text: string): void {
  const objects: (Set<string> | undefined)[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x22) {
      const end = endOfString(text, i);
      const after = skipSpace(text, end + 1);
      const keys = objects.at(-1);
      if (keys && text.charCodeAt(after) === 0x3a)
        checkKey(JSON.parse(text.slice(i, end + 1)) as string, keys);
      else checkString(text, i, end);
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
  if (loneSurrogate.test(key)) throw unpairedSurrogate();
  seen.add(key);
}

const loneSurrogate = /\p{Surrogate}/u;

/** An escaped lone surrogate has no UTF-8 form, so no canonical bytes to hash or sign (RFC 7493 §2.1). */
function checkString(text: string, start: number, end: number): void {
  const raw = text.slice(start, end + 1);
  if (raw.includes('\\u') && loneSurrogate.test(JSON.parse(raw) as string)) throw unpairedSurrogate();
}

const unpairedSurrogate = (): ConcordatError =>
  new ConcordatError('JSON_MALFORMED', 'A string holds an unpaired surrogate, which is not a character.');

function checkNumber(text: string, start: number): number {
  numberPattern.lastIndex = start;
  const raw = numberPattern.exec(text)![0];
  const value = Number(raw);
  const isWhole = !/[.eE]/.test(raw);
  if (!Number.isFinite(value) || (isWhole && !Number.isSafeInteger(value))) {
    throw new ConcordatError(
      'JSON_NUMBER_UNSAFE',
      `The number at position ${start} does not fit a double exactly; send it as a string.`,
    );
  }
  return start + raw.length - 1;
}
