import { z } from 'zod';
import { destination, messageId, messageType, timestamp } from '../names';
import { scheduleId } from '../operations/schedule';
import { event } from './event';

const ofSchedule = { scheduleId, owner: z.string().max(256) };
const subject = ({ scheduleId: id }: { readonly scheduleId: string }): string => `schedule:${id}`;

export const ScheduleCreated = event({
  type: 'concordat.bus.schedule.created.v1',
  summary: 'A message was scheduled.',
  data: z.strictObject({
    ...ofSchedule,
    to: destination,
    type: messageType,
    at: timestamp.nullable(),
    cron: z.string().max(128).nullable(),
    timezone: z.string().max(64).nullable(),
    everySeconds: z.number().int().positive().nullable(),
    until: timestamp.nullable(),
  }),
  subject,
});

export const ScheduleFired = event({
  type: 'concordat.bus.schedule.fired.v1',
  summary: 'A schedule sent its message.',
  data: z.strictObject({ ...ofSchedule, plannedAt: timestamp, messageId }),
  subject,
});

export const ScheduleSkipped = event({
  type: 'concordat.bus.schedule.skipped.v1',
  summary: 'A schedule was refused what it should have sent, and has paused if it was refused too often.',
  data: z.strictObject({
    ...ofSchedule,
    plannedAt: timestamp,
    /** Why: a code of docs/errors.md. */
    code: z.string().max(64),
    /** In a row. */
    refusals: z.number().int().positive(),
    paused: z.boolean(),
  }),
  subject,
});

export const ScheduleResumed = event({
  type: 'concordat.bus.schedule.resumed.v1',
  summary: 'A schedule that was paused fires again.',
  data: z.strictObject({ ...ofSchedule, nextAt: timestamp }),
  subject,
});

export const ScheduleDeleted = event({
  type: 'concordat.bus.schedule.deleted.v1',
  summary: 'A schedule was deleted, by somebody or because its owner was revoked or erased.',
  data: z.strictObject(ofSchedule),
  subject,
});
