import { type PolicyConditions, weekdays } from '@concordat/contracts';

type TimeWindow = NonNullable<PolicyConditions['time']>;

const minuteMs = 60_000;
const dayMinutes = 1_440;
/** 1 January 1970 was a Thursday. */
const firstWeekday = weekdays.indexOf('thu');

/** Whether a moment, in milliseconds since 1970 in UTC, lies in the window. From after to goes past midnight. */
export function timeWindow({ days, from, to }: TimeWindow): (ms: number) => boolean {
  const onDay = weekdays.map((day) => days?.includes(day) ?? true);
  const begins = from === undefined ? 0 : minuteOf(from);
  const ends = to === undefined ? dayMinutes : minuteOf(to);
  return (ms) => {
    const minutes = Math.floor(ms / minuteMs);
    const day = Math.floor(minutes / dayMinutes);
    const minute = minutes - day * dayMinutes;
    if (begins < ends) return isOn(onDay, day) && minute >= begins && minute < ends;
    return (minute >= begins && isOn(onDay, day)) || (minute < ends && isOn(onDay, day - 1));
  };
}

const isOn = (onDay: readonly boolean[], day: number): boolean =>
  onDay[(((day + firstWeekday) % 7) + 7) % 7]!;

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
