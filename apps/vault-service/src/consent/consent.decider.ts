import { ConcordatError, type ConsentEvent, ConsentGranted, ConsentWithdrawn } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';
import type { ConsentTerms } from './consent.access';

export interface GrantConsent extends ConsentTerms {
  readonly kind: 'GrantConsent';
  readonly persona: string;
  readonly grantee: string;
}

export interface WithdrawConsent {
  readonly kind: 'WithdrawConsent';
  readonly persona: string;
  readonly grantee: string;
}

export type ConsentCommand = GrantConsent | WithdrawConsent;

export interface ConsentOnRecord extends ConsentTerms {
  readonly status: 'granted' | 'withdrawn';
  readonly grantedAt: string;
  readonly changedAt: string;
}

/** undefined: never granted */
export type ConsentState = ConsentOnRecord | undefined;

/**
 * What a persona lets another agent do. Granted again, the new terms replace the old ones; an expired consent can still be
 * withdrawn, because whether it has expired depends on who looks at which clock.
 */
export const consentDecider: Decider<ConsentCommand, ConsentEvent, ConsentState> = {
  initialState: undefined,

  decide(command, consent) {
    const { persona, grantee } = command;
    switch (command.kind) {
      case 'GrantConsent': {
        if (persona === grantee)
          throw new ConcordatError('INPUT_INVALID', 'A persona needs no consent of its own.');
        // In one order and each once, so that the same terms look the same.
        const scopes = [...new Set(command.scopes)].sort();
        return [
          { type: ConsentGranted.type, data: { persona, grantee, scopes, expiresAt: command.expiresAt } },
        ];
      }
      case 'WithdrawConsent':
        if (consent?.status !== 'granted') throw new ConcordatError('CONSENT_UNKNOWN');
        return [{ type: ConsentWithdrawn.type, data: { persona, grantee } }];
      default:
        return command satisfies never;
    }
  },

  evolve(consent, event, time) {
    switch (event.type) {
      case ConsentGranted.type: {
        const { scopes, expiresAt } = event.data;
        return { status: 'granted', scopes, expiresAt, grantedAt: time, changedAt: time };
      }
      case ConsentWithdrawn.type:
        return consent && { ...consent, status: 'withdrawn', changedAt: time };
      default:
        return event satisfies never;
    }
  },
};
