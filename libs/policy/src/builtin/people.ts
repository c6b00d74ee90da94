import { monitoring, orientation, records, topics, trail, workflows } from './administration';
import { builtin, request } from './builtin';

export const user = builtin(
  'builtin-user',
  'People without another role: who is there, and themselves.',
  [
    {
      id: 'orientation',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['user', 'developer', 'sre'] },
      actions: orientation,
    },
    {
      id: 'self',
      description: 'Not user.update: who changes a user may give roles.',
      effect: 'allow',
      subjects: { kinds: ['user'] },
      actions: ['user.get', 'user.setPassword'],
      relationship: ['self'],
    },
    {
      id: 'records',
      description:
        'Records of governance: what is about them, for auditors, administrators and SREs the tenant; audit-service tells them apart.',
      effect: 'allow',
      subjects: { kinds: ['user'] },
      actions: records,
    },
    {
      id: 'own-sessions',
      description: 'Whose they are, iam-service knows.',
      effect: 'allow',
      subjects: { kinds: ['user'] },
      actions: ['session.list', 'session.revoke'],
    },
    {
      id: 'own-data',
      description: 'Right of access. Of others only to who may read the trail: audit-service decides.',
      effect: 'allow',
      subjects: { kinds: ['user'] },
      actions: ['audit.subjectExport'],
    },
  ],
  [
    {
      name: 'A user revokes nobody.',
      request: request('agent.revoke', { kind: 'user', roles: ['user'] }),
      expect: { allow: false, rule: null },
    },
    {
      name: 'A user does not give itself roles.',
      request: request('user.update', { kind: 'user', id: 'ada', roles: ['user'] }, { id: 'ada' }),
      expect: { allow: false, rule: null },
    },
  ],
);

export const auditor = builtin(
  'builtin-auditor',
  'Auditors read the trail, who the agents are, and what the policies say.',
  [
    {
      id: 'trail',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['auditor'] },
      actions: [...trail, 'governance.view'],
    },
    {
      id: 'who-may-what',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['auditor'] },
      actions: ['agent.get', 'agent.list', 'policy.get', 'policy.list'],
    },
  ],
  [
    {
      name: 'An auditor changes nothing.',
      request: request('agent.suspend', { kind: 'user', roles: ['auditor'] }),
      expect: { allow: false, rule: null },
    },
    {
      name: 'An auditor puts nothing on record itself.',
      request: request('governance.log', { kind: 'user', roles: ['auditor'], scopes: ['governance'] }),
      expect: { allow: false, rule: null },
    },
  ],
);

export const sre = builtin(
  'builtin-sre',
  'Site reliability: sees what runs, and stops what must be stopped.',
  [
    {
      id: 'see',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['sre'] },
      actions: ['message.get', ...topics, ...monitoring, 'deadLetter.list', 'deadLetter.get'],
    },
    {
      id: 'stop',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['sre'] },
      actions: ['agent.suspend', 'agent.resume', 'agent.revoke'],
    },
  ],
  [
    {
      name: 'Who stops agents does not erase them.',
      request: request('agent.erase', { kind: 'user', roles: ['sre'] }),
      expect: { allow: false, rule: null },
    },
  ],
);

export const developer = builtin(
  'builtin-developer',
  'Developers register agents and manage those that they registered.',
  [
    {
      id: 'register',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['developer'] },
      actions: [
        ...['agent.register', 'message.send', 'message.sendBatch', 'message.get'],
        ...[...topics, ...monitoring, 'topic.create', 'subscription.put', 'schedule.*'],
        ...workflows,
      ],
    },
    {
      id: 'own-agents',
      description: 'Not agent.verify, nor agent.resume: that somebody else has looked is what they say.',
      effect: 'allow',
      subjects: { kinds: ['user'], roles: ['developer'] },
      actions: ['agent.update', 'agent.suspend', 'agent.revoke', 'agent.rotateKey', 'agent.erase'],
      relationship: ['owner'],
    },
  ],
  [
    {
      name: 'A developer revokes an agent of its own.',
      request: request(
        'agent.revoke',
        { kind: 'user', id: 'ada', roles: ['developer'] },
        { owner: 'user:ada' },
      ),
      expect: { allow: true, rule: 'builtin-developer/own-agents' },
    },
    {
      name: 'A developer does not revoke the agent of a key whose id is that of the developer.',
      request: request(
        'agent.revoke',
        { kind: 'user', id: 'ada', roles: ['developer'] },
        { owner: 'apiKey:ada' },
      ),
      expect: { allow: false, rule: null },
    },
  ],
);
