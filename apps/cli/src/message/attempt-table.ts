import { type OperationOutput } from '@concordat/sdk';
import { table } from '../output';

/** Deliveries that did not succeed. */
export const attemptTable = (history: OperationOutput<'message.get'>['history']): string =>
  table(
    ['attempt', 'at', 'cause', 'error'],
    history.map(({ attempt, at, cause, error }) => [String(attempt), at, cause, error ?? '']),
  );
