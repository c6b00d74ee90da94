import type { Incompatibility } from '../json/comparison';
import type { FieldShape, MessageShape } from './message-shape';

/** What was written as the one is read as the other, with the same meaning. */
const widenings: Readonly<Record<string, string>> = { int32: 'int64', uint32: 'uint64', string: 'bytes' };

/**
 * Whether every message that was written by the older version is one of the newer: fields are known by their numbers.
 * @returns undefined when that is so; else why not
 */
export function compareMessages(older: MessageShape, newer: MessageShape): Incompatibility | undefined {
  const compared = new Map<MessageShape, Set<MessageShape>>();
  const waiting: [MessageShape, MessageShape][] = [[older, newer]];
  for (let pair = waiting.pop(); pair; pair = waiting.pop()) {
    const [before, after] = pair;
    const with_ = compared.get(before) ?? new Set();
    if (with_.has(after)) continue;
    compared.set(before, with_.add(after));
    const message = lostIn(before, after);
    if (message !== undefined) return { pointer: '/proto', message: `${after.name}: ${message}` };
    for (const field of before.fields.values())
      if (field.message) waiting.push([field.message(), after.fields.get(field.id)!.message!()]);
  }
  return undefined;
}

function lostIn(before: MessageShape, after: MessageShape): string | undefined {
  for (const field of before.fields.values()) {
    const now = after.fields.get(field.id);
    if (!now) return `the field ${field.name} = ${field.id} was removed`;
    const change = changeOf(field, now);
    if (change !== undefined) return `the field ${now.name} = ${now.id} ${change}`;
  }
  const required = [...after.fields.values()].find(
    ({ id, isRequired }) => isRequired && before.fields.get(id)?.isRequired !== true,
  );
  return required && `the field ${required.name} = ${required.id} is required, and was not`;
}

function changeOf(before: FieldShape, now: FieldShape): string | undefined {
  if (now.type !== before.type && widenings[before.type] !== now.type)
    return `changed its type from ${before.type} to ${now.type}`;
  if (now.isRepeated !== before.isRepeated) return 'is a list in one version only';
  if (now.oneof !== before.oneof) return 'went into a oneof, or out of one';
  const lost = [...(before.values ?? [])].find((value) => !now.values!.has(value));
  return lost === undefined ? undefined : `lost the value ${lost} of its enum`;
}
