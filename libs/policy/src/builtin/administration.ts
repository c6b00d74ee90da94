import { builtin, request } from './builtin';

/** Noun by noun: a noun that is new is administered by nobody until it stands here. */
export const administered = [
  'agent.*',
  'agentType.*',
  'user.*',
  'session.*',
  'apiKey.*',
  'policy.*',
  'delegation.*',
  'message.*',
  'audit.*',
];

/** What any role of people needs to find its way: who is there. Nothing that is secret among colleagues. */
export const orientation = ['agent.get', 'agent.list', 'agent.document', 'agent.keys', 'agentType.list'];

/** The trail of the tenant. */
export const trail = ['audit.messages', 'audit.events', 'audit.inclusionProof'];

export const admin = builtin(
  'builtin-admin',
  'Administrators: everything in their tenant.',
  [
    {
      id: 'tenant',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['admin'] },
      actions: administered,
    },
    {
      id: 'signing-keys',
      description: 'Of the tenant default only: see builtin-boundaries/operator-only.',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['admin'] },
      actions: ['signingKey.*'],
    },
  ],
  [
    {
      name: 'An administrator registers agents.',
      request: request('agent.register', { kind: 'user', roles: ['admin'] }),
      expect: { allow: true, rule: 'builtin-admin/tenant' },
    },
    {
      name: 'An administrator of one tenant is nobody in another.',
      request: request('agent.get', { kind: 'user', roles: ['admin'] }, { tenant: 'other' }),
      expect: { allow: false, rule: null },
    },
  ],
);
