import { ConcordatError } from '@concordat/contracts';
import type { CommandContext, CommandContexts, CommandRunner, EventStore } from '@concordat/eventsourcing';
import type { Clock, OperationContext, OperationHandlers } from '@concordat/runtime';
import { agentOf } from '../caller';
import { refuseAccess, type Refusals } from './access-refusal';
import { isInForce, mayManageConsents, maySeeConsent } from './consent.access';
import { type ConsentCommand, consentDecider } from './consent.decider';
import { consentProjection, type ConsentQueries } from './consent.projection';

export interface ConsentPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly consents: Pick<ConsentQueries, 'find'>;
  readonly refusals: Refusals;
  readonly clock: Clock;
}

/** The operations `consent.*`. */
export function consentHandlers(ports: ConsentPorts) {
  const { contexts, store, consents, refusals, clock } = ports;
  const run = (context: CommandContext, command: ConsentCommand) =>
    ports.runner.run(context, {
      stream: `consent/${command.persona}/${command.grantee}`,
      decider: consentDecider,
      command,
      projection: consentProjection,
    });

  return {
    'consent.grant': async (input, context) => {
      await requirePersona(refusals, context, input.persona);
      const { persona, grantee, scopes, expiresInSeconds } = input;
      const commandContext = contexts.of(context, input);
      const expiresAt =
        expiresInSeconds === undefined ? null : secondsAfter(commandContext.time, expiresInSeconds);
      const command: ConsentCommand = { kind: 'GrantConsent', persona, grantee, scopes, expiresAt };
      const { state, at } = await run(commandContext, command);
      const granted = state!;
      return {
        output: {
          ...{ persona, grantee, scopes: [...granted.scopes] },
          ...{ grantedAt: granted.grantedAt, expiresAt: granted.expiresAt },
        },
        position: at,
      };
    },

    'consent.get': async ({ persona, grantee }, context) => {
      if (!maySeeConsent(agentOf(context.principal), persona, grantee))
        return refuseAccess(refusals, context, { persona, code: 'CONSENT_UNKNOWN' });
      const { at } = await store.head();
      const consent = consents.find(context.principal.tenant, persona, grantee);
      if (!consent || !isInForce(consent, clock.nowMs())) throw new ConcordatError('CONSENT_UNKNOWN');
      const { scopes, grantedAt, expiresAt } = consent;
      return { output: { persona, grantee, scopes: [...scopes], grantedAt, expiresAt }, position: at };
    },

    'consent.withdraw': async (input, context) => {
      await requirePersona(refusals, context, input.persona);
      const command: ConsentCommand = { kind: 'WithdrawConsent', ...input };
      const { state, at } = await run(contexts.of(context, input), command);
      return { output: { ...input, withdrawnAt: state!.changedAt }, position: at };
    },
  } satisfies OperationHandlers;
}

/** @throws ConcordatError CONSENT_REQUIRED, after the refusal is in the feed */
async function requirePersona(refusals: Refusals, context: OperationContext, persona: string): Promise<void> {
  if (mayManageConsents(agentOf(context.principal), persona)) return;
  const detail = 'Only the persona itself grants and withdraws its consents.';
  await refuseAccess(refusals, context, { persona, code: 'CONSENT_REQUIRED', detail });
}

const secondsAfter = (time: string, seconds: number): string =>
  new Date(Date.parse(time) + seconds * 1_000).toISOString();
