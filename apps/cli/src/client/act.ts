import { isConcordatError } from '@concordat/contracts';
import { type ConcordatProblem, isConcordatProblem } from '@concordat/sdk';
import { UserError } from '../context';
import { type Progress, visible } from '../output';

/** An action whose failures read as what is wrong and what to do, not as a stack. */
export function act<A extends unknown[]>(
  action: (...args: A) => Promise<void>,
): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await action(...args);
    } catch (error) {
      throw explained(error);
    }
  };
}

/** Anything thrown, as an error for the user when it is one that the user can do something about. */
export function explained(error: unknown): unknown {
  if (isConcordatProblem(error)) return new UserError(textOf(error));
  if (isConcordatError(error)) return new UserError(visible(error.detail));
  return error;
}

/** Everything in it may be what a server said. */
function textOf({ code, detail, fix, errors, traceId }: ConcordatProblem): string {
  const places = errors.map(({ pointer, message }) => `  ${visible(`${pointer || '/'} ${message}`)}`);
  const trace = traceId === null ? [] : [`Trace: ${visible(traceId)}`];
  return [visible(`${detail} (${code})`), ...places, `Fix: ${visible(fix)}`, ...trace].join('\n');
}

/** Says what is being waited for while a promise is under way. */
export async function during<T>(progress: Progress, text: string, promise: Promise<T>): Promise<T> {
  progress.doing(text);
  try {
    return await promise;
  } finally {
    progress.end();
  }
}
