let outlives = false;

/** From now on this process goes on although nobody can hear it: what it keeps running is worth more than what it says. */
export const outliveOutput = (): void => {
  outlives = true;
};

/**
 * Decides what becomes of a command whose output cannot be written. A reader that has seen enough (`| head`) ends it
 * quietly; a full disk is a failure; what is said on the way (stderr) may get lost. Without this, Node would end every
 * process, also one that must drain first, with an unhandled error.
 */
export function watchOutput(): void {
  process.stderr.on('error', () => undefined);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (outlives) return;
    if (error.code === 'EPIPE') process.exit();
    process.stderr.write(`concordat: the output could not be written (${error.message}).\n`);
    process.exit(1);
  });
}
