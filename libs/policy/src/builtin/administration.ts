import { builtin, request } from './builtin';

/** Noun by noun: a noun that is new is administered by nobody until it stands here. */
export const administered = [
  'agent.*',
  'agentType.*',
  'user.*',
  'session.*',
  'apiKey.*',
  'policy.*',
  'limit.*',
  'bridge.*',
  'delegation.*',
  'message.*',
  'topic.*',
  'subscription.*',
  'deadLetter.*',
  'stream.*',
  'schema.*',
  'schedule.*',
  'audit.*',
  'governance.*',
  'workflow.*',
];

/** What any role of people needs to find its way: who is there. Nothing that is secret among colleagues. */
export const orientation = [
  ...['agent.get', 'agent.list', 'agent.document', 'agent.keys', 'agentType.list'],
  ...['schema.get', 'schema.list'],
];

/** What there is to subscribe to. */
export const topics = ['topic.get', 'topic.list', 'subscription.list'];

/** How full what there is to subscribe to is. Whose inboxes and feeds show, the bus decides. */
export const monitoring = ['stream.list', 'stream.get', 'stream.groups'];

/** The trail of the tenant. */
export const trail = [
  ...['audit.messages', 'audit.events', 'audit.inclusionProof', 'audit.anomalies'],
  ...['audit.statistics', 'audit.conversation', 'audit.history', 'audit.labels'],
  ...['audit.export', 'audit.subjectExport', 'audit.stream'],
  // Whom the service shows which of them, it decides.
  ...['audit.retention', 'audit.holds'],
];

/** Records of governance: one's own, for those who see the whole trail those of the tenant. */
export const records = ['governance.logs', 'governance.metrics', 'workflow.get', 'workflow.list'];

/** What is put on record by whoever did it. */
export const recording = ['governance.log', 'governance.recordMetric'];
export const workflows = ['workflow.start', 'workflow.end'];

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
