import {
  type Policy,
  type PolicyConditions,
  policyRoles,
  type PolicyRequest,
  type PolicyRule,
  relationships,
  scope,
  subjectKinds,
  userRoles,
  weekdays,
} from '@concordat/contracts';
import fc from 'fast-check';

// Few names, so that rules and requests meet; among them those that every object of JavaScript inherits.
const dids = [
  'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp',
  'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf',
];
const ids = ['one', 'constructor', '__proto__', ...dids];
const types = ['agent', 'user', 'apiKey', 'constructor', 'memory'];
const subjectTypes = ['CLAUDE', 'SERVICE', '__proto__'];
const moments = ['2026-01-01T00:00:00Z', '2026-01-02T08:30:00Z', '2026-01-03T23:59:59.999Z'];
const addresses = ['10.0.0.1', '10.1.2.3', '192.168.7.7', '255.255.255.255'];
const networks = ['10.0.0.0/8', '10.1.0.0/16', '192.168.7.7/32', '0.0.0.0/0', '128.0.0.0/1'];

export const knownActions = ['agent.get', 'agent.revoke', 'message.send', 'constructor.get'];
const actions = [
  ...knownActions,
  '__proto__',
  'constructor',
  'toString',
  'agent.fly',
  'agent',
  'agent.',
  '*',
];
const patterns = ['*', 'agent.*', 'agent.get', 'agent.revoke', 'message.*', 'constructor.*', 'agent.fly'];

const some = <T>(items: readonly T[]): fc.Arbitrary<T[]> => fc.subarray([...items], { minLength: 1 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined, freq: 2 });
const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });

const minute = fc
  .integer({ min: 0, max: 1_439 })
  .map((n) => `${String(Math.floor(n / 60)).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}`);

const hours = fc
  .tuple(minute, minute)
  .filter(([from, to]) => from !== to)
  .map(([from, to]) => ({ from, to }));
const time = fc
  .tuple(maybe(some(weekdays)), maybe(hours))
  .map(([days, range]) => ({ ...(days && { days }), ...range }));

const conditions: fc.Arbitrary<PolicyConditions> = fc.record({
  tenants: rarely(some(['default', 'acme'])),
  time: rarely(time),
  notBefore: rarely(fc.constantFrom(...moments)),
  notAfter: rarely(fc.constantFrom(...moments)),
  networks: rarely(some(networks)),
});

const ruleBody = fc.record({
  effect: fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const),
  subjects: maybe(
    fc.record({
      kinds: maybe(some(subjectKinds)),
      roles: maybe(some(policyRoles)),
      scopes: rarely(some(scope.options)),
      ids: rarely(some(subjectKinds.slice(0, 3).flatMap((kind) => ids.map((id) => `${kind}:${id}`)))),
      types: rarely(some(subjectTypes)),
      verified: rarely(fc.boolean()),
    }),
  ),
  actions: some(patterns),
  resources: rarely(fc.record({ types: rarely(some(types)), ids: rarely(some(ids)) })),
  relationship: rarely(some(relationships)),
  conditions: maybe(conditions),
  unless: rarely(conditions.filter((value) => Object.values(value).some((part) => part !== undefined))),
});

export const arbitraryRule = (id: string): fc.Arbitrary<PolicyRule> =>
  ruleBody.map((body): PolicyRule => ({ id, ...body }));

export const arbitraryPolicies: fc.Arbitrary<Policy[]> = fc
  .array(fc.array(ruleBody, { minLength: 1, maxLength: 4 }), { maxLength: 4 })
  .map((bodies) =>
    bodies.map((rules, p) => ({
      ...{ id: `policy-${p}`, version: 1, description: 'Generated.', tests: [] },
      rules: rules.map((body, r): PolicyRule => ({ id: `rule-${r}`, ...body })),
    })),
  );

export const arbitraryRequest: fc.Arbitrary<PolicyRequest> = fc.record({
  subject: fc.record({
    kind: fc.constantFrom(...subjectKinds),
    id: fc.constantFrom(...ids),
    tenant: fc.constantFrom('default', 'default', 'default', 'acme'),
    roles: fc.subarray([...userRoles]),
    scopes: fc.subarray([...scope.options]),
    type: fc.option(fc.constantFrom(...subjectTypes)),
    verified: fc.option(fc.boolean()),
    delegators: fc.subarray(dids),
  }),
  action: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...knownActions) },
    { weight: 1, arbitrary: fc.constantFrom(...actions) },
  ),
  resource: fc.record({
    type: fc.constantFrom(...types),
    id: fc.option(fc.constantFrom(...ids)),
    tenant: fc.constantFrom('default', 'default', 'default', 'acme'),
    owner: fc.option(
      fc.constantFrom(...['agent', 'user', 'apiKey'].flatMap((k) => ids.map((i) => `${k}:${i}`))),
    ),
    controllers: fc.subarray(dids),
  }),
  context: fc.record({
    time: fc
      .date({ min: new Date('2025-12-28'), max: new Date('2026-01-10'), noInvalidDate: true })
      .map((d) => d.toISOString()),
    ip: fc.option(fc.constantFrom(...addresses)),
  }),
});
