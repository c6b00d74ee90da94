import {
  operationList,
  type OperationSpec,
  policy,
  policyDocument,
  type PolicyRequest,
} from '@concordat/contracts';
import { decisionTable, probes } from '../decision-table';
import { compilePolicies } from '../policy-set';
import { runPolicyTests } from '../policy-tests';
import { request } from './builtin';
import { builtinPolicies } from './index';

const set = compilePolicies(builtinPolicies);
const table = decisionTable(set);
const may = (title: string, action: string) =>
  table.find((row) => row.action === action)!.reach[probes.findIndex((probe) => probe.title === title)]!;
const callable = (caller: OperationSpec['caller']) => operationList.filter((spec) => spec.caller === caller);
const as = (spec: OperationSpec, subject: Partial<PolicyRequest['subject']>) =>
  set.decide(request(spec.name, subject)).allow;

const administered = [
  ...['agent', 'agentType', 'user', 'session', 'apiKey', 'policy', 'signingKey', 'delegation', 'limit'],
  'bridge',
];
const nounOf = (name: string): string => name.slice(0, name.indexOf('.'));

describe('the built-in policies', () => {
  it.each(builtinPolicies)('$id is a policy, but for its id, which nobody can write', (source) => {
    const { version: _, ...document } = source;
    expect(policyDocument.safeParse(document).success).toBe(false);
    expect(policy.parse({ ...source, id: 'copy' })).toEqual({ ...source, id: 'copy' });
    expect(source.id).toMatch(/^builtin-[a-z-]+$/);
  });

  it('pass the tests beside their rules', () => {
    expect(runPolicyTests(set).filter(({ passed }) => !passed)).toEqual([]);
    expect(builtinPolicies.filter(({ tests }) => tests.length === 0)).toEqual([]);
  });

  it('cannot be changed', () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(builtinPolicies)).toBe(true);
  });

  it('say nothing with a star for all: a new noun is allowed by name', () => {
    const wide = builtinPolicies.flatMap(({ rules }) =>
      rules.filter(({ effect, actions }) => effect === 'allow' && actions.includes('*')),
    );
    expect(wide).toEqual([]);
  });
});

// Each operation of the catalogue is allowed to those for whom it is there, or this names the one that was forgotten.
describe('every operation', () => {
  it.each(callable('none'))('$name, which needs no credential, is open to everybody', (spec) => {
    for (const { title } of probes) expect([title, may(title, spec.name)]).toEqual([title, true]);
  });

  it.each(callable('credential'))(
    '$name is for administrators and, unless it administers, for keys with its scope, no less',
    (spec) => {
      expect(as(spec, { kind: 'user', roles: ['admin'] })).toBe(true);
      const administers = administered.includes(nounOf(spec.name)) && spec.name !== 'policy.check';
      if (!administers)
        expect(as(spec, { kind: 'apiKey', scopes: spec.scope ? [spec.scope] : [] })).toBe(true);
      expect(as(spec, { kind: 'apiKey', scopes: ['admin'] })).toBe(true);
      expect(as(spec, { kind: 'anonymous' })).toBe(false);
      if (spec.scope !== undefined) expect(as(spec, { kind: 'apiKey' })).toBe(false);
    },
  );

  it.each(callable('agent'))('$name is for agents with its scope, and for nobody else', (spec) => {
    expect(as(spec, { kind: 'agent', scopes: spec.scope ? [spec.scope] : [] })).toBe(true);
    if (spec.scope !== undefined) expect(as(spec, { kind: 'agent' })).toBe(false);
    for (const { title } of probes.filter(({ subject }) => subject.kind !== 'agent'))
      expect([title, may(title, spec.name)]).toEqual([title, []]);
  });

  it.each(callable('gateway'))('$name is for services only', (spec) => {
    expect(as(spec, { kind: 'service' })).toBe(true);
    for (const { title } of probes) expect([title, may(title, spec.name)]).toEqual([title, []]);
  });

  it.each(operationList)('$name of another tenant is nobody’s', ({ name }) => {
    for (const { subject } of probes) {
      const other = request(name, subject, { tenant: 'acme', owner: `${subject.kind}:somebody` });
      expect(set.decide(other)).toEqual({ allow: false, rule: null, because: 'tenant' });
    }
  });

  it('that bus, vault or trail offers to any login is offered to agents', () => {
    const daily = operationList.filter(({ name }) => !administered.includes(nounOf(name)));
    const open = daily.filter(
      ({ caller, scope }) =>
        caller === 'credential' && (scope === undefined || scope === 'read' || scope === 'write'),
    );
    expect(open.filter(({ name }) => may('agent', name) !== true)).toEqual([]);
  });
});

describe('a tenant', () => {
  it('cannot open with rules of its own what the boundaries close', () => {
    const wide = policy.parse({
      ...{
        id: builtinPolicies[0]!.id.replace('builtin-', ''),
        version: 1,
        description: 'Everything to everybody.',
      },
      rules: [
        {
          ...{ id: 'all', effect: 'allow', actions: ['*'] },
          subjects: { kinds: ['agent', 'user', 'apiKey', 'anonymous'] },
        },
      ],
    });
    const actions = [...operationList.map(({ name }) => name), 'signingKey.rotate'];
    const opened = compilePolicies([...builtinPolicies, wide], actions);
    const inAcme = (action: string, subject: Partial<PolicyRequest['subject']>) =>
      opened.decide(request(action, { ...subject, tenant: 'acme' }, { tenant: 'acme' }));
    expect(inAcme('memory.get', { kind: 'user' }).rule).toBe('builtin-boundaries/agents-only');
    expect(inAcme('directory.snapshot', { kind: 'agent' }).rule).toBe('builtin-boundaries/gateway-only');
    expect(inAcme('signingKey.rotate', { kind: 'user', roles: ['admin'] }).rule).toBe(
      'builtin-boundaries/operator-only',
    );
    expect(opened.decide(request('signingKey.rotate', { kind: 'user', roles: ['admin'] })).allow).toBe(true);
    expect(inAcme('agent.get', { kind: 'anonymous' }).allow).toBe(true);
  });
});
