import { administered, orientation, trail } from './administration';
import { builtin, request } from './builtin';

const ada = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';

export const agent = builtin(
  'builtin-agent',
  'Agents: messages, memories, and the agents that they control.',
  [
    {
      id: 'read',
      description: 'Whose messages and memories they are, bus and vault decide: by recipient and by consent.',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['read'] },
      actions: [
        ...orientation,
        ...trail,
        ...['message.get', 'inbox.fetch', 'memory.get', 'memory.list', 'consent.get', 'consent.list'],
        ...['delegation.get', 'delegation.list'],
      ],
    },
    {
      id: 'write',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['write'] },
      actions: [
        ...['message.send', 'inbox.ack', 'inbox.nack', 'inbox.extend'],
        ...['memory.put', 'memory.delete', 'consent.grant', 'consent.withdraw'],
        'delegation.revoke',
      ],
    },
    {
      id: 'delegation',
      description: 'Never more than the scopes that it has.',
      effect: 'allow',
      subjects: { kinds: ['agent'] },
      actions: ['auth.exchange', 'delegation.create'],
    },
    {
      id: 'self',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['write'] },
      actions: ['agent.update', 'agent.suspend', 'agent.rotateKey'],
      relationship: ['self'],
    },
    {
      id: 'controlled-agents',
      description: 'Stopped by who controls them, but not let in again, verified, revoked or erased.',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['write'] },
      actions: ['agent.update', 'agent.suspend', 'agent.rotateKey'],
      relationship: ['controller'],
    },
  ],
  [
    {
      name: 'A token that only reads sends nothing.',
      request: request('message.send', { kind: 'agent', id: ada, scopes: ['read'] }),
      expect: { allow: false, rule: null },
    },
    {
      name: 'An agent suspends one that it controls.',
      request: request(
        'agent.suspend',
        { kind: 'agent', id: ada, scopes: ['write'] },
        { controllers: [ada] },
      ),
      expect: { allow: true, rule: 'builtin-agent/controlled-agents' },
    },
    {
      name: 'An agent does not revoke another.',
      request: request('agent.revoke', { kind: 'agent', id: ada, scopes: ['write'] }),
      expect: { allow: false, rule: null },
    },
  ],
);

export const apiKey = builtin(
  'builtin-api-key',
  'API keys: what their scopes say.',
  [
    {
      id: 'read',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['read'] },
      actions: [...orientation, ...trail, 'message.get', 'policy.get', 'policy.list'],
    },
    {
      id: 'write',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['write'] },
      actions: ['message.send'],
    },
    {
      id: 'admin',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['admin'] },
      actions: administered,
    },
    {
      id: 'signing-keys',
      description: 'Of the tenant default only: see builtin-boundaries/operator-only.',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['admin'] },
      actions: ['signingKey.*'],
    },
  ],
  [
    {
      name: 'A key that writes makes no keys.',
      request: request('apiKey.create', { kind: 'apiKey', scopes: ['read', 'write'] }),
      expect: { allow: false, rule: null },
    },
    {
      name: 'A role in the request makes no administrator of a key.',
      request: request('agent.erase', { kind: 'apiKey', roles: ['admin'], scopes: ['read'] }),
      expect: { allow: false, rule: null },
    },
  ],
);
