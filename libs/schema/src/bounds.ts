/**
 * What a schema may be, so that reading, compiling and comparing it and checking a payload against it take a bounded time
 * on the event loop of a gateway, whoever wrote it.
 */
export const bounds = Object.freeze({
  /** Subschemas as they are written. */
  subschemas: 256,
  /** Subschemas when every `$ref` stands for the whole that it names. */
  expandedSubschemas: 2_000,
  /** Nesting of the schema, and of subschemas through `$ref`. */
  depth: 32,
  patterns: 64,
  patternCharacters: 256,
  /** Instructions of one compiled pattern, and of all of a schema. */
  patternProgram: 1_000,
  patternPrograms: 4_000,
  /** Sum of the repeat counts in one pattern: what a compiler unrolls. */
  patternRepeats: 300,
  /** Fields of all messages that a protobuf message can hold. */
  protobufFields: 2_000,
  /** Steps of a comparison of two versions; beyond, it is refused as undecided. */
  comparisonSteps: 20_000,
  /** Values of a list that are tried against another schema: each may compile it. */
  comparisonCompilations: 64,
  /** Steps of checking one payload, about 10 ns each. */
  checkSteps: 4_000_000,
  /** Problems that are told of one payload. */
  problems: 8,
  /** Characters of a pointer that is told. */
  pointerCharacters: 256,
});
