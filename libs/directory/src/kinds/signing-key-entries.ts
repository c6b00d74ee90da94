import { SigningKeyActivated, type SigningKeyEvent, SigningKeyRetired } from '@concordat/contracts';
import { type Changes, made, removed } from './kind';

export const signingKeyName = (kid: string): string => `signingKey ${kid}`;

export const signingKeyChanges: Changes<SigningKeyEvent> = {
  [SigningKeyActivated.type]: ({ publicKey }, { time }) =>
    made(signingKeyName(publicKey.kid), { kind: 'signingKey', publicKey, activatedAt: time }),
  [SigningKeyRetired.type]: ({ kid }) => removed(signingKeyName(kid)),
};
