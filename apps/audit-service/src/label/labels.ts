import type { AuditLabel, JsonValue } from '@concordat/contracts';

/** Of a text, in characters; a longer one is no label. */
const longest = 128;
/** Characters that PostgreSQL cannot store, or not as they came. */
const unstorable = /[\0\p{Surrogate}]/u;

export type LabelValue = string | number | boolean;

/**
 * The values that a payload has at the declared places. Only scalars are labels, and texts that are not too long.
 * @returns undefined when there are none
 */
export function labelsOf(
  declared: readonly AuditLabel[],
  messageType: string,
  payload: unknown,
): Readonly<Record<string, LabelValue>> | undefined {
  const found = declared
    .filter((label) => label.messageType === messageType)
    .map(({ name, pointer }) => [name, valueAt(payload, pointer)] as const)
    .filter((pair): pair is readonly [string, LabelValue] => isLabel(pair[1]));
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function isLabel(value: unknown): value is LabelValue {
  if (typeof value === 'string') return value.length <= longest && !unstorable.test(value);
  return typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
}

/** RFC 6901 §4. @param pointer a valid one */
function valueAt(document: unknown, pointer: string): JsonValue | undefined {
  let value = document;
  for (const part of pointer.split('/').slice(1)) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value as JsonValue;
}
