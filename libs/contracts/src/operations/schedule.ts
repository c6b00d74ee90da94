import { z } from 'zod';
import { limits } from '../limits';
import { destination, displayName, messageType, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { messageOperations } from './message';

const { input: message } = messageOperations['message.send'];

export const scheduleId = z.string().regex(/^sch_[0-9a-f]{32}$/, 'must be sch_ and 32 of 0–9 and a–f');

/** Characters only; which numbers a field can have, and whether there is such a day, the gateway says with the place. */
const cron = z
  .string()
  .max(128)
  .regex(/^[0-9A-Za-z*,/ -]+$/, 'must be five fields of digits, names, * , - and /');
const timezone = z
  .string()
  .max(64)
  .regex(
    /^[A-Za-z][A-Za-z0-9_+/-]*$/,
    'must be a name of the IANA time zone database, such as Europe/Berlin',
  );
const everySeconds = z.number().int().min(limits.scheduleEverySeconds).max(limits.scheduleAheadSeconds);

const times = {
  /** Once, at this time. */
  at: timestamp.optional(),
  /** Minute, hour, day of month, month, day of week. */
  cron: cron.optional(),
  /** In which `cron` is meant; UTC when not given. */
  timezone: timezone.optional(),
  /** Counted from the creation. */
  everySeconds: everySeconds.optional(),
  /** Not after this time. */
  until: timestamp.optional(),
};

type Times = z.output<z.ZodObject<typeof times>>;

const hasOneRule = ({ at, cron: fields, everySeconds: every }: Times): boolean =>
  [at, fields, every].filter((rule) => rule !== undefined).length === 1;

/** How often a schedule fires, and whether it still does. */
export const schedule = z.strictObject({
  id: scheduleId,
  name: z.string().nullable(),
  /** `agent:<did>`, `user:<id>` or `apiKey:<id>`: with whose rights it fires. */
  owner: z.string(),
  /** paused: after several refusals in a row; it does not fire until it is resumed. */
  status: z.enum(['active', 'paused']),
  to: destination,
  type: messageType,
  at: timestamp.nullable(),
  cron: z.string().nullable(),
  timezone: z.string().nullable(),
  everySeconds: everySeconds.nullable(),
  until: timestamp.nullable(),
  /** The next planned time. */
  nextAt: timestamp.nullable(),
  /** The last planned time at which it has fired. */
  firedAt: timestamp.nullable(),
  /** In a row, since it has fired. */
  refusals: z.number().int().min(0).max(limits.scheduleRefusals),
  createdAt: timestamp,
});
export type Schedule = z.infer<typeof schedule>;

const common = { service: 'bus', caller: 'credential' } as const;

export const scheduleOperations = {
  'schedule.create': operation({
    ...common,
    name: 'schedule.create',
    summary:
      'Send a message at a time to come, or again and again, with the rights that the owner has at that time.',
    kind: 'command',
    scope: 'write',
    http: { method: 'POST', path: '/v1/schedules', status: 201 },
    input: z
      .strictObject({ message, ...times, name: displayName.optional() })
      .refine(hasOneRule, {
        path: ['at'],
        message: 'one of at, cron and everySeconds is needed, and only one',
      })
      .refine((input) => input.timezone === undefined || input.cron !== undefined, {
        path: ['timezone'],
        message: 'is for cron only',
      })
      .refine((input) => input.until === undefined || input.at === undefined, {
        path: ['until'],
        message: 'is for cron and everySeconds only',
      }),
    output: schedule,
    errors: ['SCHEDULE_TIME_INVALID', 'SCHEDULES_FULL'],
  }),
  'schedule.get': operation({
    ...common,
    name: 'schedule.get',
    summary: 'Read a schedule and its message: for its owner and administrators.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/schedules/{id}', status: 200 },
    input: z.strictObject({ id: scheduleId }),
    output: z.strictObject({ ...schedule.shape, message }),
    errors: ['SCHEDULE_UNKNOWN'],
  }),
  'schedule.list': operation({
    ...common,
    name: 'schedule.list',
    summary: 'List the own schedules, or as an administrator those of the tenant, by id.',
    kind: 'query',
    scope: 'read',
    http: { method: 'GET', path: '/v1/schedules', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(schedule),
    errors: [],
  }),
  'schedule.resume': operation({
    ...common,
    name: 'schedule.resume',
    summary:
      'Let a schedule that was paused fire again, from its next time on; one that is active stays as it is.',
    kind: 'command',
    scope: 'write',
    http: { method: 'POST', path: '/v1/schedules/{id}/resume', status: 200 },
    input: z.strictObject({ id: scheduleId }),
    output: schedule,
    errors: ['SCHEDULE_UNKNOWN', 'SCHEDULE_TIME_INVALID'],
  }),
  'schedule.delete': operation({
    ...common,
    name: 'schedule.delete',
    summary: 'Delete a schedule: it does not fire any more.',
    kind: 'command',
    scope: 'write',
    http: { method: 'DELETE', path: '/v1/schedules/{id}', status: 200 },
    input: z.strictObject({ id: scheduleId }),
    output: z.strictObject({ id: scheduleId, deletedAt: timestamp }),
    errors: ['SCHEDULE_UNKNOWN'],
  }),
};
