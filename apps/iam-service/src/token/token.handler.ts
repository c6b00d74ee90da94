import { accessTokenMs, ConcordatError, type Principal, sessionWithdrawalName } from '@concordat/contracts';
import type { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { OperationHandlers } from '@concordat/runtime';
import { runApiKeyCommand } from '../api-key/api-key.handler';
import type { SessionEnds } from '../session/session-ends';
import { type Withdraw, withdrawalDecider } from './withdrawal.decider';
import { withdrawalProjection } from './withdrawal.projection';

/** The operation `auth.revoke`: everybody may end what is his own. A user's sessions end with their refresh tokens. */
export function tokenHandlers(runner: CommandRunner, contexts: CommandContexts, ends: SessionEnds) {
  return {
    'auth.revoke': async (input, context) => {
      const { principal } = context;
      const commandContext = contexts.of(context, input);
      if (principal.kind === 'apiKey') {
        const outcome = await runApiKeyCommand(runner, commandContext, {
          kind: 'RevokeApiKey',
          id: principal.id,
        });
        return answer(`apiKey:${principal.id}`, commandContext.time, outcome.at);
      }
      if (principal.kind === 'user' && !input.all) {
        const { sessionId } = principal;
        const { state, at } = await ends.one(commandContext, sessionId, 'logged-out');
        return answer(sessionWithdrawalName(sessionId), state!.endedAt!, at);
      }
      const name = nameOf(principal, input.all);
      const until = new Date(Date.parse(commandContext.time) + accessTokenMs).toISOString();
      const command: Withdraw = { name, subject: principal.id, until };
      const run = {
        stream: `withdrawal/${name}`,
        decider: withdrawalDecider,
        command,
        projection: withdrawalProjection,
      };
      const { state, at } = await runner.run(commandContext, run);
      if (principal.kind === 'user') await ends.all(principal.tenant, principal.id, 'logged-out');
      return answer(name, state!.at, at);
    },
  } satisfies OperationHandlers;
}

const answer = <P>(revoked: string, revokedAt: string, position: P) => ({
  output: { revoked, revokedAt },
  position,
});

/** @throws ConcordatError CREDENTIAL_MISSING, DELEGATION_FORBIDDEN */
function nameOf(principal: Principal, isAll: boolean): string {
  switch (principal.kind) {
    case 'agent':
      if (!isAll) return `token:${principal.tokenId}`;
      // It would end the tokens of somebody whose right this is, or of the one who acts: neither was handed on.
      if (principal.actors) throw new ConcordatError('DELEGATION_FORBIDDEN');
      return `before:${principal.id}`;
    case 'user':
      return `before:${principal.id}`;
    default:
      throw new ConcordatError('CREDENTIAL_MISSING');
  }
}
