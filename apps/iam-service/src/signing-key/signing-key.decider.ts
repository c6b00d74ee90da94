import { type AlgorithmValue, SigningKeyActivated, type SigningKeyEvent } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface ActivateSigningKey {
  readonly publicKey: AlgorithmValue;
}

/** The public half of a generation of the signing key, or undefined. */
export type SigningKeyState = AlgorithmValue | undefined;

/** A generation of the key that signs access tokens comes into use once. */
export const signingKeyDecider: Decider<ActivateSigningKey, SigningKeyEvent, SigningKeyState> = {
  initialState: undefined,
  decide: ({ publicKey }, state) => (state ? [] : [{ type: SigningKeyActivated.type, data: { publicKey } }]),
  evolve: (_state, event) => event.data.publicKey,
};
