import { randomBytes } from 'node:crypto';
import { anonymous, challengeText, ConcordatError, limits, type OperationOutput } from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import type { Clock, OperationHandlers } from '@concordat/runtime';
import { commandIdFor } from '../edge/command-id';
import type { ServiceCalls } from '../edge/service-calls';
import { challengeId, openChallengeId } from './challenge';

export interface HandshakePorts {
  readonly services: ServiceCalls;
  readonly clock: Clock;
  readonly audience: string;
  /** 32 bytes that all gateways share */
  readonly challengeKey: Uint8Array;
}

/** Life of a challenge, as another gateway may see it. */
const longestMs = (limits.challengeSeconds + limits.clockSkewSeconds) * 1_000;

/** The operations `auth.*`. The gateway keeps no challenges: their ids carry them, authenticated. */
export function handshakeHandlers({ services, clock, audience, challengeKey }: HandshakePorts) {
  return {
    'auth.challenge': async ({ did, tenant }) => {
      const expiresAt = new Date(clock.nowMs() + limits.challengeSeconds * 1_000).toISOString();
      const challenge = { audience, tenant, did, nonce: toBase64url(randomBytes(16)), expiresAt };
      const output = {
        challengeId: challengeId(challengeKey, challenge),
        challenge: challengeText(challenge),
        expiresAt,
      };
      return { output, position: null };
    },

    'auth.token': async (input, context) => {
      const facts = openChallengeId(challengeKey, input.challengeId, audience);
      const leftMs = Date.parse(facts.expiresAt) - clock.nowMs();
      if (leftMs <= 0) throw new ConcordatError('CHALLENGE_EXPIRED');
      // Issued while a clock was wrong, it would be good for longer than any challenge is.
      if (leftMs > longestMs) throw new ConcordatError('CHALLENGE_INVALID');
      const { output, position } = await services.call(
        'handshake.redeem',
        {
          ...{ ...facts, signature: input.signature },
          ...(context.keyThumbprint !== undefined && { keyThumbprint: context.keyThumbprint }),
        },
        {
          ...context,
          principal: anonymous(facts.tenant),
          commandId: commandIdFor(context.commandId!, facts.tenant, facts.did),
        },
      );
      return { output: output as OperationOutput<'auth.token'>, position, source: 'iam' };
    },

    'auth.whoami': async (_input, { principal: { kind, tenant, id, scopes } }) => {
      if (kind === 'anonymous') throw new ConcordatError('CREDENTIAL_MISSING');
      return { output: { kind, tenant, id, scopes }, position: null };
    },
  } satisfies OperationHandlers;
}
