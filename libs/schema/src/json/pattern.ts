import { RE2JS } from 're2js';
import { bounds } from '../bounds';
import { refuseSchema } from '../problem';
import { spend } from './meter';

/** A pattern, matched in time linear in the text (RE2): a backtracking engine could be made to hang. */
export interface Pattern {
  readonly programSize: number;
  /** Anywhere in the text, as JSON Schema wants it. @throws TooMuchWork */
  test(text: string): boolean;
  /** ajv tells patterns apart by it. */
  toString(): string;
}

/** @throws ConcordatError SCHEMA_INVALID */
export function readPattern(source: string, pointer: string): Pattern {
  if (source.length > bounds.patternCharacters)
    refuseSchema(pointer, `must be a pattern of at most ${bounds.patternCharacters} characters`);
  const counts = [...source.matchAll(/\{(\d+)(?:,(\d*))?\}/g)].map(([, least, most]) =>
    Number(most || least),
  );
  if (counts.reduce((sum, count) => sum + count, 0) > bounds.patternRepeats)
    refuseSchema(
      pointer,
      `must repeat at most ${bounds.patternRepeats} times in all; use maxLength for more`,
    );
  const compiled = compile(source, pointer);
  const programSize = compiled.programSize();
  if (programSize > bounds.patternProgram) refuseSchema(pointer, 'is too large when it is compiled');
  return {
    programSize,
    test(text) {
      // The slow way of the engine, which it takes when its automaton would grow too large.
      spend(1 + text.length * programSize);
      return compiled.matcher(text).find();
    },
    toString: () => `/${source}/`,
  };
}

function compile(source: string, pointer: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.slice(0, 200) : '';
    return refuseSchema(pointer, `must be a pattern in the syntax of RE2: ${reason}`);
  }
}
