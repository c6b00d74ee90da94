import { actorOf } from './principal';
import { policy, policyDocument, policyJsonSchema, policyLimits, policyRequest } from './policy';

const rule = { id: 'r', effect: 'allow', actions: ['agent.get'] };
const document = (over: object = {}, ruleOver: object = {}) => ({
  ...{ id: 'office', description: 'One rule.', rules: [{ ...rule, ...ruleOver }] },
  ...over,
});
const request = (subject: object = {}) => ({
  subject: { kind: 'user', id: 'ada', tenant: 'default', ...subject },
  action: 'agent.get',
  resource: { type: 'agent', tenant: 'default' },
  context: { time: '2026-01-01T00:00:00Z' },
});
const isGood = (value: unknown) => policyDocument.safeParse(value).success;

describe('a policy', () => {
  it('of one rule is enough; tests are none unless there are some', () => {
    expect(policyDocument.parse(document())).toEqual({ ...document(), tests: [] });
    expect(policy.parse({ ...document(), version: 1 }).version).toBe(1);
  });

  it.each([
    ['a version, which the store sets', document({ version: 1 })],
    ['a field that nobody knows', document({ admin: true })],
    ['no rules', document({ rules: [] })],
    ['two rules of one id', document({ rules: [rule, rule] })],
    ['the id of a built-in one', document({ id: 'builtin-admin' })],
    ['an id of JavaScript', document({ id: '__proto__' })],
    ['more rules than there may be', document({ rules: rulesOf(policyLimits.rulesPerPolicy + 1) })],
    ['no description', document({ description: ' ' })],
  ])('with %s is refused', (_, value) => {
    expect(isGood(value)).toBe(false);
  });

  it('may be as large as the limit', () => {
    expect(isGood(document({ rules: rulesOf(policyLimits.rulesPerPolicy) }))).toBe(true);
  });
});

describe('a rule', () => {
  it.each<[string, object]>([
    ['a field that nobody knows', { resource: {} }],
    ['a misspelt condition', { conditions: { network: ['10.0.0.0/8'] } }],
    ['another effect', { effect: 'permit' }],
    ['no action', { actions: [] }],
    ['a role that nobody has', { subjects: { roles: ['root'] } }],
    ['a list without entries, which might mean all or none', { subjects: { kinds: [] } }],
    ['an id without its kind', { subjects: { ids: ['ada'] } }],
    ['half a time window', { conditions: { time: { from: '08:00' } } }],
    ['an empty time window', { conditions: { time: { from: '08:00', to: '08:00' } } }],
    ['an hour that is none', { conditions: { time: { from: '24:00', to: '08:00' } } }],
    ['a moment that is none', { conditions: { notBefore: '2026-02-30T00:00:00Z' } }],
    ['a moment with another zone', { conditions: { notBefore: '2026-02-01T00:00:00+02:00' } }],
    ['an exception that says nothing', { unless: {} }],
    ...[
      '10.0.0.0',
      '10.0.0.0/33',
      '010.0.0.0/8',
      'fe80::/129',
      'all',
      '::ffff:10.0.0.0/104',
      '0:0:0:0:0:FFFF::/96',
    ].map(
      (network) => [`the network ${network}`, { conditions: { networks: [network] } }] as [string, object],
    ),
    ...[
      '',
      'agent',
      'agent.',
      '.get',
      'agent.get.x',
      'agent.g*',
      '*.get',
      '**',
      'agent.*x',
      'agent get',
      '__proto__.x',
    ].map((action) => [`the action "${action}"`, { actions: [action] }] as [string, object]),
  ])('with %s is refused', (_, over) => {
    expect(isGood(document({}, over))).toBe(false);
  });

  it.each(['*', 'agent.*', 'agent.get', 'apiKey.create', 'constructor.get'])('may be about %s', (action) => {
    expect(isGood(document({}, { actions: [action] }))).toBe(true);
  });

  it('names callers as events do', () => {
    const ids = [
      actorOf({ kind: 'apiKey', tenant: 'default', id: '0001020304050607', scopes: [] }),
      'agent:did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
    ];
    expect(isGood(document({}, { subjects: { ids } }))).toBe(true);
  });
});

describe('a request', () => {
  it('says all that it may leave out', () => {
    expect(policyRequest.parse(request())).toEqual({
      ...request({ roles: [], scopes: [], type: null, verified: null, delegators: [] }),
      resource: { type: 'agent', id: null, tenant: 'default', owner: null, controllers: [] },
      context: { time: '2026-01-01T00:00:00Z', ip: null },
    });
  });

  it.each([{ kind: 'root' }, { roles: ['agent'] }, { roles: ['root'] }, { tenant: 'a:b' }, { admin: true }])(
    'of a subject with %p is refused',
    (subject) => {
      expect(policyRequest.safeParse(request(subject)).success).toBe(false);
    },
  );
});

describe('the JSON Schema', () => {
  it('is strict wherever the policy is', () => {
    const objects: unknown[] = [];
    JSON.stringify(policyJsonSchema(), (_, value: { type?: string; additionalProperties?: unknown }) => {
      if (value?.type === 'object') objects.push(value.additionalProperties);
      return value;
    });
    expect(objects.length).toBeGreaterThan(8);
    expect(objects.filter((additional) => additional !== false)).toEqual([]);
  });
});

function rulesOf(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({ ...rule, id: `r${i}` }));
}
