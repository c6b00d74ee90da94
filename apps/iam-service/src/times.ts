/** Arithmetic with RFC 3339 times, for deciders: they are given the time and never ask for it. */

/** Whether `time` has come at `now`. */
export const hasCome = (time: string, now: string): boolean => Date.parse(now) >= Date.parse(time);

export const plusMs = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();

export const msBetween = (from: string, to: string): number => Date.parse(to) - Date.parse(from);

export const earlierOf = (a: string, b: string): string => (Date.parse(a) <= Date.parse(b) ? a : b);
