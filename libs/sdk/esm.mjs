// The SDK for `import`: Node finds no names in a CommonJS module that gathers its exports from others.
import sdk from './dist/index.js';

export const {
  Concordat,
  ConcordatProblem,
  isConcordatProblem,
  newAgentKey,
  proveNewKey,
  systemClock,
  verifyMessage,
} = sdk;
