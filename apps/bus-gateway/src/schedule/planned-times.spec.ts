import type { ConcordatError } from '@concordat/contracts';
import { dueTime, firstTime, nextTime, type Rule } from './planned-times';

const createdAt = '2026-03-01T00:00:00.000Z';
const nowMs = Date.parse(createdAt);
const none = { at: null, cron: null, timezone: null, everySeconds: null, until: null };
const rule = (over: Partial<Rule>): Rule => ({ ...none, createdAt, ...over });
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString();
const ms = (text: string): number => Date.parse(text);

function problemOf(over: Partial<Rule>): { pointer: string; message: string } {
  try {
    firstTime(rule(over), nowMs);
  } catch (error) {
    expect(error).toMatchObject({ code: 'SCHEDULE_TIME_INVALID' });
    return (error as ConcordatError).errors[0]!;
  }
  throw new Error(`${JSON.stringify(over)} was taken`);
}

describe('a schedule for one time', () => {
  const at = '2026-03-02T08:00:00.000Z';

  it('fires then, and has no time after it', () => {
    expect(iso(firstTime(rule({ at }), nowMs))).toBe(at);
    expect(nextTime(rule({ at }), ms(at))).toBeUndefined();
  });

  it('that was missed / fires for the time that was planned', () =>
    expect(dueTime(rule({ at }), ms(at), ms(at) + 7_200_000)).toBe(ms(at)));

  it('in the past, now or more than a year away / is refused', () => {
    for (const past of ['2026-02-28T23:59:59.000Z', createdAt])
      expect(problemOf({ at: past })).toEqual({ pointer: '/at', message: 'is not to come' });
    expect(problemOf({ at: '2027-03-01T00:00:01.000Z' })).toEqual({
      ...{ pointer: '/at', message: 'is more than a year away' },
    });
  });
});

describe('a schedule that fires every so many seconds', () => {
  const every = rule({ everySeconds: 10, until: '2026-03-01T00:00:35.000Z' });

  it('counts from its creation, whenever it was late', () => {
    expect(iso(firstTime(every, nowMs))).toBe('2026-03-01T00:00:10.000Z');
    expect(iso(nextTime(every, nowMs + 10_000))).toBe('2026-03-01T00:00:20.000Z');
    expect(iso(nextTime(every, nowMs + 14_321))).toBe('2026-03-01T00:00:20.000Z');
  });

  it('ends at its end', () => {
    expect(iso(nextTime(every, nowMs + 20_000))).toBe('2026-03-01T00:00:30.000Z');
    expect(nextTime(every, nowMs + 30_000)).toBeUndefined();
    expect(problemOf({ everySeconds: 10, until: '2026-03-01T00:00:09.000Z' }).pointer).toBe('/until');
  });

  it('after an outage / is due once, for the latest time missed, and never for one after its end', () => {
    expect(iso(dueTime(every, nowMs + 10_000, nowMs + 29_999))).toBe('2026-03-01T00:00:20.000Z');
    expect(iso(dueTime(every, nowMs + 10_000, nowMs + 86_400_000))).toBe('2026-03-01T00:00:30.000Z');
  });

  it('asked by a clock that is behind / is due for the time that was planned', () =>
    expect(dueTime(every, nowMs + 10_000, nowMs + 9_000)).toBe(nowMs + 10_000));
});

describe('a cron schedule', () => {
  it('fires by the wall clock of its time zone, also when that is changed', () => {
    const daily = rule({ cron: '0 8 * * *', timezone: 'Europe/Berlin' });
    expect(iso(nextTime(daily, ms('2026-03-28T00:00:00Z')))).toBe('2026-03-28T07:00:00.000Z');
    expect(iso(nextTime(daily, ms('2026-03-28T07:00:00Z')))).toBe('2026-03-29T06:00:00.000Z');
  });

  it('at an hour that a day does not have, or has twice / fires once on that day', () => {
    const night = rule({ cron: '30 2 * * *', timezone: 'Europe/Berlin' });
    const on = (day: string): number[] => {
      const found: number[] = [];
      let next = nextTime(night, ms(day) - 1);
      for (; next !== undefined && next < ms(day) + 86_400_000; next = nextTime(night, next))
        found.push(next);
      return found;
    };
    expect(on('2026-03-29T00:00:00Z')).toHaveLength(1);
    expect(on('2026-10-25T00:00:00Z')).toHaveLength(1);
  });

  it('after an outage / is due once, for the latest time missed', () => {
    const hourly = rule({ cron: '15 * * * *' });
    const due = dueTime(hourly, ms('2026-03-01T01:15:00Z'), ms('2026-03-03T09:15:00Z'));
    expect(iso(due)).toBe('2026-03-03T09:15:00.000Z');
    expect(iso(nextTime(hourly, due))).toBe('2026-03-03T10:15:00.000Z');
  });

  it.each([
    ['61 * * * *', 'field 1 (minute) "61" is not understood: 0–59'],
    ['* 25 * * *', 'field 2 (hour) "25" is not understood: 0–23'],
    ['* * 0 * *', 'field 3 (day of month) "0" is not understood: 1–31'],
    ['* * * 13 *', 'field 4 (month) "13" is not understood: 1–12'],
    ['* * * * 8', 'field 5 (day of week) "8" is not understood: 0–7'],
    ['5-3 * * * *', 'field 1 (minute) "5-3" is not understood: 0–59'],
    ['1-2-3 * * * *', 'field 1 (minute) "1-2-3" is not understood: 0–59'],
    ['*/0 * * * *', 'field 1 (minute) "*/0" is not understood: 0–59'],
    ['*/90 * * * *', 'field 1 (minute) "*/90" is not understood: 0–59'],
    ['1,,2 * * * *', 'field 1 (minute) "1,,2" is not understood: 0–59'],
    ['* * L * *', 'field 3 (day of month) "L" is not understood: 1–31'],
    ['H * * * *', 'field 1 (minute) "H" is not understood: 0–59'],
    ['* * * * FOO', 'field 5 (day of week) "FOO" is not understood: 0–7'],
    ['* * * *', 'has 4 fields; minute, hour, day of month, month and day of week are 5'],
    ['0 * * * * *', 'has 6 fields; minute, hour, day of month, month and day of week are 5'],
    ['0 0 30 2 *', 'names a day that no month has'],
    ['0 0 29 2 *', 'leaves no time within a year'],
  ])('%s / is refused with the place', (cron, message) =>
    expect(problemOf({ cron })).toEqual({ pointer: '/cron', message }),
  );

  it('in a time zone that nobody knows / is refused', () =>
    expect(problemOf({ cron: '* * * * *', timezone: 'Mars/Phobos' }).pointer).toBe('/timezone'));
});
