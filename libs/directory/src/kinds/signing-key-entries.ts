import { SigningKeyActivated, type SigningKeyEvent } from '@concordat/contracts';
import { type Changes, made } from './kind';

export const signingKeyName = (kid: string): string => `signingKey ${kid}`;

export const signingKeyChanges: Changes<SigningKeyEvent> = {
  [SigningKeyActivated.type]: ({ publicKey }, { time }) =>
    made(signingKeyName(publicKey.kid), { kind: 'signingKey', publicKey, activatedAt: time }),
};
