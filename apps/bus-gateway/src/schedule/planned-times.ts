import { ConcordatError, limits, type Schedule } from '@concordat/contracts';
import { type CronExpression, CronExpressionParser } from 'cron-parser';

/** When a schedule fires. */
export type Rule = Pick<Schedule, 'at' | 'cron' | 'timezone' | 'everySeconds' | 'until' | 'createdAt'>;

/** In their order, with their lowest and highest numbers; a day of the week is 0–7, Sunday twice. */
const cronFields = [
  ['minute', 0, 59],
  ['hour', 0, 23],
  ['day of month', 1, 31],
  ['month', 1, 12],
  ['day of week', 0, 7],
] as const;

/** `*`, a number, a name, or a range of them, each with a step if need be. */
const cronPart = /^(?:\*|(?:\d{1,2}|[A-Za-z]{3})(?:-(?:\d{1,2}|[A-Za-z]{3}))?)(?:\/([1-9]\d?))?$/;

/**
 * The first time at which a new schedule fires, in milliseconds since 1970.
 * @throws ConcordatError SCHEDULE_TIME_INVALID with the place
 */
export function firstTime(rule: Rule, nowMs: number): number {
  const farthestMs = nowMs + limits.scheduleAheadSeconds * 1_000;
  for (const name of ['at', 'until'] as const) {
    const ms = rule[name] === null ? undefined : Date.parse(rule[name]);
    if (ms !== undefined && ms <= nowMs) throw refused(`/${name}`, 'is not to come');
    if (ms !== undefined && ms > farthestMs) throw refused(`/${name}`, 'is more than a year away');
  }
  if (rule.cron !== null) requireCron(rule.cron, rule.timezone);
  const firstMs = nextTime(rule, nowMs);
  if (firstMs === undefined || firstMs > farthestMs)
    throw refused(rule.cron === null ? '/until' : '/cron', 'leaves no time within a year');
  return firstMs;
}

/** The first planned time after another one; undefined when that was the last. */
export function nextTime(rule: Rule, afterMs: number): number | undefined {
  const nextMs = unbounded(rule, afterMs);
  const isOver = nextMs === undefined || (rule.until !== null && nextMs > Date.parse(rule.until));
  return isOver ? undefined : nextMs;
}

/**
 * The planned time that a firing is for: the latest that has come, so that an outage is made up for once.
 * @param plannedMs the earliest that has not been fired for
 */
export function dueTime(rule: Rule, plannedMs: number, nowMs: number): number {
  const endMs = rule.until === null ? nowMs : Math.min(nowMs, Date.parse(rule.until));
  if (endMs <= plannedMs) return plannedMs;
  if (rule.everySeconds !== null) {
    const everyMs = rule.everySeconds * 1_000;
    return plannedMs + Math.floor((endMs - plannedMs) / everyMs) * everyMs;
  }
  // One later, because a time is not before itself.
  const latestMs =
    rule.cron === null
      ? plannedMs
      : cronAt(rule.cron, rule.timezone, endMs + 1)
          .prev()
          .getTime();
  return Math.max(latestMs, plannedMs);
}

function unbounded(
  { at, cron, timezone, everySeconds, createdAt }: Rule,
  afterMs: number,
): number | undefined {
  if (cron !== null) return nextOfCron(cronAt(cron, timezone, afterMs));
  const createdMs = Date.parse(createdAt);
  if (everySeconds !== null) {
    const everyMs = everySeconds * 1_000;
    return createdMs + (Math.floor((afterMs - createdMs) / everyMs) + 1) * everyMs;
  }
  const atMs = Date.parse(at!);
  return atMs > afterMs ? atMs : undefined;
}

const cronAt = (cron: string, timezone: string | null, ms: number): CronExpression =>
  CronExpressionParser.parse(cron, { currentDate: new Date(ms), tz: timezone ?? 'UTC' });

/** The library gives up after a number of years, and throws then. */
function nextOfCron(times: CronExpression): number | undefined {
  try {
    return times.next().getTime();
  } catch {
    return undefined;
  }
}

/** @throws ConcordatError SCHEDULE_TIME_INVALID that names the field */
function requireCron(cron: string, timezone: string | null): void {
  if (timezone !== null && !isTimezone(timezone)) throw refused('/timezone', 'is no time zone that is known');
  const parts = cron.trim().split(/ +/);
  if (parts.length !== cronFields.length)
    throw refused(
      '/cron',
      `has ${parts.length} fields; minute, hour, day of month, month and day of week are 5`,
    );
  for (const [index, [name, lowest, highest]] of cronFields.entries()) {
    const isWellFormed = parts[index]!.split(',').every((part) => {
      const match = cronPart.exec(part);
      return match !== null && Number(match[1] ?? 1) <= highest - lowest + 1;
    });
    // The others as stars: then it is this one that the library refuses.
    const alone = cronFields.map((_, i) => (i === index ? parts[i]! : '*')).join(' ');
    if (!isWellFormed || !isParsed(alone))
      throw refused(
        '/cron',
        `field ${index + 1} (${name}) "${parts[index]}" is not understood: ${lowest}–${highest}`,
      );
  }
  // Each is right, and together they are no day.
  if (!isParsed(cron)) throw refused('/cron', 'names a day that no month has');
}

function isParsed(cron: string): boolean {
  try {
    CronExpressionParser.parse(cron);
    return true;
  } catch {
    return false;
  }
}

function isTimezone(timezone: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    return true;
  } catch {
    return false;
  }
}

const refused = (pointer: string, message: string): ConcordatError =>
  new ConcordatError('SCHEDULE_TIME_INVALID', `The schedule cannot fire: ${pointer} ${message}.`, {
    errors: [{ pointer, message }],
  });
