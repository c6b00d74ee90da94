import { limits } from '@concordat/contracts';
import { ConcordatProblem } from '../problem';

/**
 * The input of an operation as JSON. What JSON cannot say is refused, where `JSON.stringify` would throw an error of its
 * own (bigint, what holds itself) or send something else (null for NaN, {} for a Map). As everywhere in JavaScript,
 * fields that are undefined are left out, and `toJSON` is asked.
 * @throws ConcordatProblem INPUT_INVALID
 */
export function jsonBody(operation: string, fields: Readonly<Record<string, unknown>>): string {
  for (const [name, value] of Object.entries(fields)) requireJson(operation, value, name, [name]);
  return JSON.stringify(fields);
}

function requireJson(operation: string, given: unknown, key: string, path: readonly string[]): void {
  const refuse = (message: string): never => {
    throw notJson(operation, path, message);
  };
  const value = inJson(given, key);
  switch (typeof value) {
    case 'number':
      if (!Number.isFinite(value)) refuse(`must be JSON, which has no ${value}`);
      return;
    case 'bigint':
    case 'function':
    case 'symbol':
      return refuse(`must be JSON, which has no ${typeof value}`);
    case 'object':
      break;
    default:
      return;
  }
  if (value === null) {
    // A date that is none, for one, becomes null.
    if (given !== null) refuse('must be JSON; this would become null');
    return;
  }
  // The body is a level too. Also where what holds itself ends.
  if (path.length >= limits.jsonDepth)
    refuse(`must not hold itself, nor nest deeper than ${limits.jsonDepth} levels`);
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) {
      const place = [...path, String(at)];
      if (item === undefined) throw notJson(operation, place, 'must be JSON, which has no undefined');
      requireJson(operation, item, String(at), place);
    }
    return;
  }
  // Not asked by class: objects may be of another realm.
  const kind = Object.prototype.toString.call(value).slice('[object '.length, -1);
  if (kind !== 'Object') refuse(`must be JSON, which has no ${kind}`);
  for (const [name, item] of Object.entries(value))
    if (item !== undefined) requireJson(operation, item, name, [...path, name]);
}

function inJson(value: unknown, key: string): unknown {
  const { toJSON } = Object(value) as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? (toJSON.call(value, key) as unknown) : value;
}

function notJson(operation: string, path: readonly string[], message: string): ConcordatProblem {
  // RFC 6901 §3
  const pointer = path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  return new ConcordatProblem('INPUT_INVALID', {
    detail: `The input of ${operation} is not valid at ${pointer}: it ${message}.`,
    errors: [{ pointer, message }],
  });
}
