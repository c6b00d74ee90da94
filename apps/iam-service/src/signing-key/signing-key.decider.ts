import {
  type AlgorithmValue,
  SigningKeyActivated,
  type SigningKeyEvent,
  SigningKeyRetired,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface ActivateSigningKey {
  readonly kind: 'ActivateSigningKey';
  readonly publicKey: AlgorithmValue;
  /** The keys before it are not believed any more. */
  readonly revokePrevious: boolean;
}

export interface RetireSigningKeys {
  readonly kind: 'RetireSigningKeys';
  readonly kids: readonly string[];
}

export type SigningKeyCommand = ActivateSigningKey | RetireSigningKeys;

export interface SigningKey {
  readonly publicKey: AlgorithmValue;
  /** RFC 3339 */
  readonly activatedAt: string;
  readonly isRetired: boolean;
}

/** The keys that sign access tokens, the oldest first. */
export type SigningKeyState = readonly SigningKey[];

/** Every key comes into use once, and is retired once a later one is there: the latest one stays. */
export const signingKeyDecider: Decider<SigningKeyCommand, SigningKeyEvent, SigningKeyState> = {
  initialState: [],

  decide(command, keys) {
    const inUse = keys.filter(({ isRetired }) => !isRetired).map(({ publicKey }) => publicKey.kid);
    switch (command.kind) {
      case 'ActivateSigningKey': {
        const { publicKey, revokePrevious } = command;
        // Two rotations at the same time are one.
        const isKnown = keys.some(({ publicKey: { kid } }) => kid === publicKey.kid);
        const previous = revokePrevious ? inUse.filter((kid) => kid !== publicKey.kid) : [];
        const activated: SigningKeyEvent = { type: SigningKeyActivated.type, data: { publicKey } };
        return [...(isKnown ? [] : [activated]), ...previous.map((kid) => retired(kid, 'revoked'))];
      }
      case 'RetireSigningKeys':
        return inUse
          .slice(0, -1)
          .filter((kid) => command.kids.includes(kid))
          .map((kid) => retired(kid, 'superseded'));
      default:
        return command satisfies never;
    }
  },

  evolve(keys, event, time) {
    switch (event.type) {
      case SigningKeyActivated.type:
        return [...keys, { publicKey: event.data.publicKey, activatedAt: time, isRetired: false }];
      case SigningKeyRetired.type:
        return keys.map((key) => (key.publicKey.kid === event.data.kid ? { ...key, isRetired: true } : key));
      default:
        return event satisfies never;
    }
  },
};

const retired = (kid: string, reason: 'superseded' | 'revoked'): SigningKeyEvent => ({
  type: SigningKeyRetired.type,
  data: { kid, reason },
});
