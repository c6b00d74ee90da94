import {
  actorOf,
  type OperationName,
  operations,
  policy,
  type PolicyRule,
  type Principal,
} from '@concordat/contracts';
import { builtinPolicies, compilePolicies } from '@concordat/policy';
// eslint-disable-next-line @nx/enforce-module-boundaries -- a test
import { agentPrincipal, newAgent } from '@concordat/testing';
import { type AgentFacts, Authorizer } from './authorizer';

const [ada, boss, stranger] = [newAgent().did, newAgent().did, newAgent().did];
const developer: Principal = {
  ...{ kind: 'user', tenant: 'default', id: '0198f3d2-7a10-7c3e-9b5a-3f2e1d0c4b5a', roles: ['developer'] },
  ...{ scopes: ['read', 'write', 'workflows'], tokenId: 't', sessionId: 's' },
};
const key = (...scopes: ('read' | 'write' | 'admin')[]): Principal => ({
  ...{ kind: 'apiKey', tenant: 'default', id: 'k', scopes },
});
const known: Readonly<Record<string, AgentFacts>> = {
  [ada]: { type: 'CLAUDE', verified: true, controllerDid: boss, registeredBy: actorOf(developer) },
  [boss]: { type: 'CLINE', verified: false, controllerDid: null, registeredBy: 'apiKey:k' },
};

/** Who may, with the rules of the tenant beside the built-in ones. */
function given(...rules: PolicyRule[]) {
  const own =
    rules.length === 0 ? [] : [policy.parse({ id: 'own', version: 1, description: 'Of a test.', rules })];
  const set = compilePolicies([...builtinPolicies, ...own]);
  const facts = {
    agent: (tenant: string, did: string) => (tenant === 'default' ? known[did] : undefined),
    policiesOf: () => set,
  };
  const authorizer = new Authorizer(facts, () => new Date('2026-01-01T12:00:00Z'));
  return (principal: Principal, name: OperationName, input: object = {}, address: string | null = null) =>
    authorizer.decide(operations[name], input, { principal, address });
}
const may = (principal: Principal, name: OperationName, input: object = {}): boolean =>
  given()(principal, name, input).allow;

describe('without rules of its own, a tenant', () => {
  it('lets an agent stop itself and whom it controls, and nobody else', () => {
    for (const did of [ada, boss]) expect(may(agentPrincipal(did), 'agent.suspend', { did: ada })).toBe(true);
    expect(may(agentPrincipal(stranger), 'agent.suspend', { did: ada })).toBe(false);
    expect(may(agentPrincipal(ada), 'agent.suspend', { did: boss })).toBe(false);
    for (const name of [
      'agent.register',
      'agent.revoke',
      'agent.erase',
      'agent.verify',
      'agent.resume',
    ] as const)
      expect([name, may(agentPrincipal(boss), name, { did: ada })]).toEqual([name, false]);
  });

  it('answers alike for an agent that is not one\u2019s own and one that there is not', () => {
    const absent = newAgent().did;
    for (const who of [agentPrincipal(stranger), developer])
      expect(given()(who, 'agent.suspend', { did: boss })).toEqual(
        given()(who, 'agent.suspend', { did: absent }),
      );
  });

  it('lets a developer revoke what the developer registered', () => {
    expect(may(developer, 'agent.revoke', { did: ada })).toBe(true);
    expect(may(developer, 'agent.revoke', { did: boss })).toBe(false);
    expect(may({ ...developer, roles: ['user'] }, 'agent.revoke', { did: ada })).toBe(false);
  });

  it('lets keys do what their scopes say', () => {
    expect(may(key('admin'), 'agent.revoke', { did: ada })).toBe(true);
    for (const name of [
      'agent.register',
      'agent.revoke',
      'apiKey.create',
      'policy.put',
      'user.create',
    ] as const)
      expect([name, may(key('read', 'write'), name, { did: ada })]).toEqual([name, false]);
  });

  it('takes what the gateway asks for itself for the gateway\u2019s, and nothing else', () => {
    const nobody: Principal = { kind: 'anonymous', tenant: 'default', id: 'anonymous', scopes: [] };
    expect(may(nobody, 'directory.snapshot')).toBe(true);
    expect(may(nobody, 'agent.list')).toBe(false);
  });
});

describe('a rule of the tenant', () => {
  it('closes nothing that the gateway asks for itself', () => {
    const nobody: Principal = { kind: 'anonymous', tenant: 'default', id: 'anonymous', scopes: [] };
    const decide = given({ id: 'all', effect: 'deny', actions: ['*'] });
    expect(decide(nobody, 'directory.snapshot').allow).toBe(true);
    expect(decide(nobody, 'auth.challenge').allow).toBe(false);
  });

  const deny: PolicyRule = { id: 'closed', effect: 'deny', actions: ['memory.get'] };

  it('is named by the decision', () => {
    expect(given(deny)(agentPrincipal(ada), 'memory.get', { persona: ada, key: 'k' })).toMatchObject({
      ...{ allow: false, rule: 'own/closed' },
    });
  });

  it('asks for the network of the caller', () => {
    const decide = given({ ...deny, unless: { networks: ['192.0.2.0/24'] } });
    const from = (address: string | null) => decide(agentPrincipal(ada), 'memory.get', {}, address).allow;
    expect([from('192.0.2.7'), from('198.51.100.7'), from(null)]).toEqual([true, false, false]);
  });

  it('asks for type and verification of the agent', () => {
    const decide = given({ ...deny, subjects: { verified: false } });
    expect(decide(agentPrincipal(ada), 'memory.get').allow).toBe(true);
    expect(decide(agentPrincipal(boss), 'memory.get').allow).toBe(false);
  });

  it('stops a right that was handed on when it stops whose right it is, or anybody who has a hand in it', () => {
    const delegated: Principal = {
      ...agentPrincipal(ada),
      ...{ actors: [boss, stranger], delegations: ['d', 'e'] },
    };
    expect(given()(delegated, 'memory.get', { persona: ada, key: 'k' }).allow).toBe(true);
    for (const did of [ada, boss, stranger]) {
      const decide = given({ ...deny, subjects: { ids: [`agent:${did}`] } });
      expect(decide(delegated, 'memory.get', { persona: ada, key: 'k' }).allow).toBe(false);
    }
    const onlyOwner = given({ ...deny, subjects: { ids: [`agent:${newAgent().did}`] } });
    expect(onlyOwner(delegated, 'memory.get', { persona: ada, key: 'k' }).allow).toBe(true);
  });
});
