import { z } from 'zod';
import { timestamp } from '../names';
import { operation } from '../operation';

export const signingKeyOperations = {
  'signingKey.rotate': operation({
    name: 'signingKey.rotate',
    service: 'iam',
    summary:
      'Make a new key for signing access tokens; the former ones stay good for the tokens they signed.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'POST', path: '/v1/signing-keys/rotate', status: 200 },
    input: z.strictObject({
      /** The former keys are not believed any more, and with them no token that they signed. */
      revokePrevious: z.boolean().default(false),
    }),
    output: z.strictObject({
      kid: z.string(),
      /** base64url */
      publicKey: z.string(),
      activatedAt: timestamp,
      /** from then on it signs: every gateway has heard of it before */
      signsFrom: timestamp,
    }),
    errors: [],
  }),
};
