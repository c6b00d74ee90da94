import { z } from 'zod';
import { policy, policyId } from '../policy';
import { type EventOf, event } from './event';

export const PolicyPublished = event({
  type: 'concordat.iam.policy.published.v1',
  summary: 'A version of a policy came into force; the one before is out of force.',
  data: z.strictObject({ policy }),
  control: true,
  subject: ({ policy: { id } }) => `policy:${id}`,
});

export const PolicyRemoved = event({
  type: 'concordat.iam.policy.removed.v1',
  summary: 'A policy went out of force.',
  data: z.strictObject({ id: policyId, version: z.number().int().positive() }),
  control: true,
  subject: ({ id }) => `policy:${id}`,
});

export type PolicyEvent = EventOf<typeof PolicyPublished> | EventOf<typeof PolicyRemoved>;
