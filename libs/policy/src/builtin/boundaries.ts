import { builtin, request } from './builtin';

/** What no policy of a tenant can open: rules that deny outweigh all that allow. */
export const boundaries = builtin(
  'builtin-boundaries',
  'What nobody may, whatever other policies say.',
  [
    {
      id: 'gateway-only',
      description: 'What the gateway alone asks of the services.',
      effect: 'deny',
      subjects: { kinds: ['agent', 'user', 'apiKey', 'anonymous'] },
      actions: ['handshake.*', 'directory.*', 'credential.*', 'session.open', 'session.refresh'],
    },
    {
      id: 'agents-only',
      description:
        'Inboxes, memories and rights to hand on are of agents; nobody opens them to people, keys or services.',
      effect: 'deny',
      subjects: { kinds: ['user', 'apiKey', 'anonymous', 'service'] },
      actions: [
        'inbox.*',
        'subscription.fetch',
        'memory.*',
        'consent.*',
        'delegation.create',
        'auth.exchange',
      ],
    },
    {
      id: 'operator-only',
      description: 'Signing keys and the database of the trail are of the whole system, not of a tenant.',
      effect: 'deny',
      actions: ['signingKey.*', 'audit.startVerification', 'audit.verification'],
      unless: { tenants: ['default'] },
    },
  ],
  [
    {
      name: 'An admin key does not read memories.',
      request: request('memory.get', { kind: 'apiKey', scopes: ['admin'] }),
      expect: { allow: false, rule: 'builtin-boundaries/agents-only' },
    },
    {
      name: 'No caller reads the directory that the gateway decides from.',
      request: request('directory.snapshot', { kind: 'user', roles: ['admin'] }),
      expect: { allow: false, rule: 'builtin-boundaries/gateway-only' },
    },
  ],
);
