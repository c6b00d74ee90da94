import { ConcordatError } from '@concordat/contracts';

/**
 * Waits no longer than so many milliseconds. What was begun goes on to its own end, unobserved.
 * @throws ConcordatError SERVICE_UNAVAILABLE when the time has passed
 */
export async function within<T>(ms: number, task: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new ConcordatError('SERVICE_UNAVAILABLE', 'The audit store did not answer in time.');
    timer = setTimeout(() => reject(error), ms);
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
}
