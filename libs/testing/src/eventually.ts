/** Asks again until it is so. Not a wait for time to pass: it ends the moment it is true, and fails with the last reason. */
export async function eventually<T>(ask: () => Promise<T> | T, deadlineMs = 30_000): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
