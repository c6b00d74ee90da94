import { randomUUID } from 'node:crypto';
import {
  type AgentIdentity,
  agentScopes,
  type AlgorithmValue,
  challengeText,
  ConcordatError,
  type ErrorCode,
  HandshakeRefused,
  limits,
  type OperationInput,
} from '@concordat/contracts';
import { ed25519Verify, fromBase64url, jwkThumbprint, utf8 } from '@concordat/crypto';
import type { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Clock, OperationContext, OperationHandlers } from '@concordat/runtime';
import type { RefusalFeed } from '@concordat/streams';
import type { AgentQueries } from '../agent/agent-queries.projection';
import type { SigningKeys } from '../signing-key/signing-keys';
import { signAccessToken, tokenEnd } from '../token/access-token';
import { handshakeDecider } from './handshake.decider';
import { handshakeProjection } from './handshake.projection';

export interface HandshakePorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly agents: AgentQueries;
  readonly signingKeys: SigningKeys;
  readonly refusals: RefusalFeed;
  readonly clock: Clock;
  readonly audience: string;
}

type Redemption = OperationInput<'handshake.redeem'>;
type RefusalReason = 'unknown-agent' | 'inactive-agent' | 'bad-signature' | 'replayed' | 'expired';

/** The operation `handshake.redeem`: the gateway has checked that the challenge was issued; everything else is checked here. */
export function handshakeHandlers(ports: HandshakePorts) {
  return {
    'handshake.redeem': async (input, context) => {
      const { agent, key } = await requireProof(ports, input, context);
      const keyThumbprint = jwkThumbprint(key.value);
      const needsProof = input.keyThumbprint !== undefined;
      const signer = ports.signingKeys.current;
      const commandContext = ports.contexts.of(context, input, input.tenant);
      const expiresAt = tokenEnd(commandContext.time, limits.accessTokenSeconds);
      const command = { did: agent.did, tokenId: randomUUID(), keyId: signer.kid, expiresAt };
      const stream = `handshake/${input.nonce}`;
      const run = { stream, decider: handshakeDecider, command, projection: handshakeProjection };
      const outcome = await ports.runner.run(commandContext, run).catch(async (error: unknown) => {
        if (error instanceof ConcordatError && error.code === 'CHALLENGE_ALREADY_USED') {
          return refuse(ports, input, context, 'replayed', 'CHALLENGE_ALREADY_USED');
        }
        throw error;
      });
      // The token was in the first answer; a repetition of the request may come from somebody who recorded it.
      if (outcome.isRepetition) throw new ConcordatError('SECRET_ALREADY_SHOWN');
      const accessToken = signAccessToken(
        {
          kind: 'agent',
          tokenId: command.tokenId,
          tenant: input.tenant,
          did: agent.did,
          scopes: agentScopes,
          ...{ keyThumbprint, needsProof },
          audience: ports.audience,
          issuedAt: commandContext.time,
          expiresAt,
          position: outcome.at,
        },
        signer,
      );
      return {
        output: {
          accessToken,
          tokenType: needsProof ? 'DPoP' : 'Bearer',
          expiresIn: limits.accessTokenSeconds,
        },
        position: outcome.at,
      };
    },
  } satisfies OperationHandlers;
}

/** @throws ConcordatError after the refusal is in the audit feed */
async function requireProof(
  ports: HandshakePorts,
  input: Redemption,
  context: OperationContext,
): Promise<{ agent: AgentIdentity; key: AlgorithmValue }> {
  if (Date.parse(input.expiresAt) <= ports.clock.nowMs())
    return refuse(ports, input, context, 'expired', 'CHALLENGE_EXPIRED');
  const agent = ports.agents.find(input.tenant, input.did);
  // Three reasons, one answer: a stranger learns nothing about who is registered.
  if (!agent) return refuse(ports, input, context, 'unknown-agent', 'HANDSHAKE_REFUSED');
  if (agent.status !== 'active') return refuse(ports, input, context, 'inactive-agent', 'HANDSHAKE_REFUSED');
  const signature = fromBase64url(input.signature);
  const text = utf8(challengeText({ ...input, audience: ports.audience }));
  const key =
    signature && agent.publicKeys.find(({ value }) => ed25519Verify(signature, text, fromBase64url(value)!));
  if (!key) return refuse(ports, input, context, 'bad-signature', 'HANDSHAKE_REFUSED');
  if (input.keyThumbprint !== undefined && input.keyThumbprint !== jwkThumbprint(key.value))
    return refuse(ports, input, context, 'bad-signature', 'HANDSHAKE_REFUSED');
  return { agent, key };
}

async function refuse(
  { refusals }: HandshakePorts,
  { did, tenant }: Redemption,
  { conversation, traceparent }: OperationContext,
  reason: RefusalReason,
  code: ErrorCode,
): Promise<never> {
  await refusals.append({
    spec: HandshakeRefused,
    key: `${tenant} ${did} ${reason}`,
    tenant,
    actor: 'anonymous',
    data: { did, reason },
    correlation: conversation,
    traceparent,
  });
  throw new ConcordatError(code);
}
