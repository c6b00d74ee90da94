import {
  administered,
  monitoring,
  orientation,
  recording,
  records,
  topics,
  trail,
  workflows,
} from './administration';
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
        ...records,
        ...topics,
        ...monitoring,
        ...[
          'message.get',
          'inbox.fetch',
          'inbox.subscribe',
          'subscription.fetch',
          'deadLetter.list',
          'deadLetter.get',
        ],
        ...['memory.get', 'memory.list', 'consent.get', 'consent.list'],
        ...['delegation.get', 'delegation.list', 'schedule.get', 'schedule.list'],
      ],
    },
    {
      id: 'write',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['write'] },
      actions: [
        ...['message.send', 'message.sendBatch', 'inbox.ack', 'inbox.nack', 'inbox.extend'],
        ...['topic.create', 'subscription.put', 'deadLetter.replay', 'deadLetter.purge'],
        ...['memory.put', 'memory.delete', 'consent.grant', 'consent.withdraw'],
        ...['delegation.revoke', 'schedule.create', 'schedule.resume', 'schedule.delete'],
      ],
    },
    {
      id: 'governance',
      description: 'What it did itself: whom a record is about is who records it.',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['governance'] },
      actions: recording,
    },
    {
      id: 'workflows',
      effect: 'allow',
      subjects: { kinds: ['agent'], scopes: ['workflows'] },
      actions: workflows,
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
      name: 'An agent with the scope puts on record what it did.',
      request: request('governance.log', { kind: 'agent', id: ada, scopes: ['governance'] }),
      expect: { allow: true, rule: 'builtin-agent/governance' },
    },
    {
      name: 'An agent imports no records: those may be about others.',
      request: request('governance.import', { kind: 'agent', id: ada, scopes: ['governance'] }),
      expect: { allow: false, rule: null },
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
      description: 'Dead letters show to an administrator, and to an agent its own.',
      actions: [
        ...[...orientation, ...trail, ...records, ...topics, ...monitoring],
        ...['message.get', 'deadLetter.list', 'deadLetter.get'],
        ...['policy.get', 'policy.list', 'schedule.get', 'schedule.list'],
      ],
    },
    {
      id: 'write',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['write'] },
      actions: [
        ...['message.send', 'message.sendBatch', 'topic.create', 'subscription.put'],
        ...['deadLetter.replay', 'deadLetter.purge'],
        ...['schedule.create', 'schedule.resume', 'schedule.delete'],
      ],
    },
    {
      id: 'governance',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['governance'] },
      actions: [...recording, 'governance.import', 'governance.view'],
    },
    {
      id: 'workflows',
      effect: 'allow',
      subjects: { kinds: ['apiKey'], scopes: ['workflows'] },
      actions: workflows,
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
