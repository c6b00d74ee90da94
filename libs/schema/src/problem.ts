import { ConcordatError, type FieldProblem } from '@concordat/contracts';
import { bounds } from './bounds';

/** @throws ConcordatError SCHEMA_INVALID */
export function refuseSchema(pointer: string, message: string): never {
  throw new ConcordatError('SCHEMA_INVALID', `The schema cannot be used: ${pointer || '/'} ${message}`, {
    errors: [{ pointer: `/schema${pointer}`, message }],
  });
}

/** RFC 6901 */
export const below = (pointer: string, name: string | number): string =>
  `${pointer}/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** A place in a payload: names in it are those of the sender, and may be long. */
export const payloadProblem = (pointer: string, message: string): FieldProblem => ({
  pointer: `/payload${pointer.slice(0, bounds.pointerCharacters)}`,
  message,
});
