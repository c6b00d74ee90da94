import { createHash } from 'node:crypto';

/** Nothing is due in the last third: a victim that has to come back first is killed later than it was due. */
const range = 2 / 3;

/** Random moments of something, each between 0 and 1, in order; the same for the same seed and name. */
export const sampleMoments = (seed: number, name: string, count: number): number[] =>
  Array.from({ length: count }, (_, index) => {
    const digest = createHash('sha256').update(`${seed} ${name} ${index}`).digest();
    return (digest.readUInt32BE(0) / 2 ** 32) * range;
  }).sort((a, b) => a - b);
