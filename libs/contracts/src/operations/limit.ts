import { z } from 'zod';
import { did, tenantId, timestamp, userId } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { apiKeyId } from './api-key';

/** Whom a limit is for. `tenant`: everybody in it together. */
export const limitKind = z.enum(['agent', 'user', 'apiKey', 'tenant']);
export type LimitKind = z.infer<typeof limitKind>;

/** How the subjects of a kind are named. */
const idOf: Readonly<Record<LimitKind, z.ZodType<string>>> = {
  agent: did,
  user: userId,
  apiKey: apiKeyId,
  tenant: tenantId,
};

const subject = { kind: limitKind, id: z.string().min(1).max(256) };
const isNamed = ({ kind, id }: { kind: LimitKind; id: string }): boolean => idOf[kind].safeParse(id).success;
const named = { path: ['id'], message: 'must be the id of a subject of this kind' };

const amount = (most: number) => z.number().int().min(1).max(most);
/** What can be limited; null: as the defaults of the gateways say, which for a tenant and for messages is no limit. */
const amounts = {
  requestsPerSecond: amount(1_000_000),
  /** Requests at once, after a rest; without a word two seconds' worth. */
  burst: amount(2_000_000),
  /** Messages within any minute, and within any day. */
  messagesPerMinute: amount(1_000_000_000),
  messagesPerDay: amount(2_000_000_000),
};
export const limitAmounts = z.strictObject({
  requestsPerSecond: amounts.requestsPerSecond.nullable(),
  burst: amounts.burst.nullable(),
  messagesPerMinute: amounts.messagesPerMinute.nullable(),
  messagesPerDay: amounts.messagesPerDay.nullable(),
});

export const limitSetting = z.strictObject({ ...subject, ...limitAmounts.shape, updatedAt: timestamp });
export type LimitSetting = z.infer<typeof limitSetting>;

const putInput = z
  .strictObject({
    ...subject,
    requestsPerSecond: amounts.requestsPerSecond.optional(),
    burst: amounts.burst.optional(),
    messagesPerMinute: amounts.messagesPerMinute.optional(),
    messagesPerDay: amounts.messagesPerDay.optional(),
  })
  .refine(isNamed, named)
  .refine(({ burst, requestsPerSecond }) => burst === undefined || requestsPerSecond !== undefined, {
    path: ['burst'],
    message: 'needs requestsPerSecond',
  })
  .refine(
    ({ requestsPerSecond, messagesPerMinute, messagesPerDay }) =>
      (requestsPerSecond ?? messagesPerMinute ?? messagesPerDay) !== undefined,
    'must limit something: requestsPerSecond, messagesPerMinute or messagesPerDay',
  );

export const limitOperations = {
  'limit.put': operation({
    name: 'limit.put',
    service: 'bus',
    summary:
      'Limit requests and messages of an agent, user or API key, or of a tenant (operator only): in force everywhere within a second.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/limits/{kind}/{id}', status: 200 },
    input: putInput,
    output: limitSetting,
    errors: ['LIMIT_SETTINGS_FULL'],
  }),
  'limit.get': operation({
    name: 'limit.get',
    service: 'bus',
    summary: 'Read the limit that is set for a subject.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/limits/{kind}/{id}', status: 200 },
    input: z.strictObject(subject).refine(isNamed, named),
    output: limitSetting,
    errors: ['LIMIT_UNKNOWN'],
  }),
  'limit.list': operation({
    name: 'limit.list',
    service: 'bus',
    summary: 'List the limits that are set in the tenant, by kind and id.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/limits', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(limitSetting),
    errors: [],
  }),
  'limit.delete': operation({
    name: 'limit.delete',
    service: 'bus',
    summary: 'Delete the limit of a subject: the defaults of the gateways hold again.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/limits/{kind}/{id}', status: 200 },
    input: z.strictObject(subject).refine(isNamed, named),
    output: z.strictObject({ ...subject, deletedAt: timestamp }),
    errors: ['LIMIT_UNKNOWN'],
  }),
};
