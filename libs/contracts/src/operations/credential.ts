import { z } from 'zod';
import { limits } from '../limits';
import { did, tenantId, timestamp } from '../names';
import { operation } from '../operation';
import { apiKeyId } from './api-key';

const at = timestamp;

export const credentialOperations = {
  'credential.seen': operation({
    name: 'credential.seen',
    service: 'iam',
    summary: 'Report when agents and API keys were last let in, gathered over some seconds.',
    // No event: reported twice or in another order it comes to the same, since times only move forward.
    kind: 'query',
    caller: 'gateway',
    input: z.strictObject({
      agents: z.array(z.strictObject({ tenant: tenantId, did, at })).max(limits.seenItems),
      apiKeys: z.array(z.strictObject({ tenant: tenantId, id: apiKeyId, at })).max(limits.seenItems),
    }),
    output: z.strictObject({}),
    errors: [],
  }),
};
