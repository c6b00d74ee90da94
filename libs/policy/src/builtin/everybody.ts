import { builtin, request } from './builtin';

export const everybody = builtin(
  'builtin-everybody',
  'What needs no credential, and what any credential is enough for.',
  [
    {
      id: 'come-in',
      description: 'Ask for a credential.',
      effect: 'allow',
      subjects: { kinds: ['anonymous', 'agent', 'user', 'apiKey'] },
      actions: ['auth.challenge', 'auth.token', 'auth.login', 'auth.refresh'],
    },
    {
      id: 'public-documents',
      description: 'DID documents of managed identities, which say what keys they have.',
      effect: 'allow',
      subjects: { kinds: ['anonymous', 'agent', 'user', 'apiKey'] },
      actions: ['did.resolve'],
    },
    {
      id: 'check-the-log',
      description:
        'Checkpoints, tiles and consistency proofs are public, so that anybody can hold the log to them.',
      effect: 'allow',
      subjects: { kinds: ['anonymous', 'agent', 'user', 'apiKey'] },
      actions: [
        ...['audit.checkpoint', 'audit.key', 'audit.tile', 'audit.entries', 'audit.consistencyProof'],
        ...['audit.addCheckpoint', 'audit.witnessKey', 'audit.witnessedCheckpoint'],
      ],
    },
    {
      id: 'own-credential',
      description: 'See what the credential may do, and end it.',
      effect: 'allow',
      actions: ['auth.whoami', 'auth.revoke', 'policy.check'],
    },
  ],
  [
    {
      name: 'A stranger may ask for a challenge.',
      request: request('auth.challenge', {}),
      expect: { allow: true, rule: 'builtin-everybody/come-in' },
    },
    {
      name: 'A stranger is nobody of whom to ask who it is.',
      request: request('auth.whoami', {}),
      expect: { allow: false, rule: null },
    },
  ],
);

/** Concordat's own services, one to another. */
export const services = builtin(
  'builtin-services',
  'What the gateway asks of the services for itself.',
  [
    {
      id: 'gateway',
      effect: 'allow',
      subjects: { kinds: ['service'] },
      actions: [
        ...['handshake.redeem', 'directory.snapshot', 'credential.seen'],
        ...['session.open', 'session.refresh'],
      ],
    },
  ],
  [
    {
      name: 'The gateway reads the directory.',
      request: request('directory.snapshot', { kind: 'service', id: 'bus' }),
      expect: { allow: true, rule: 'builtin-services/gateway' },
    },
  ],
);
