import { type Policy, policyRequest, type PolicyRequest, type PolicySource } from '@concordat/contracts';
import { builtinPolicies } from './builtin';
import { compilePolicies } from './policy-set';

/**
 * Decisions per second on one core, printed as JSON lines: `npx nx run policy:bench`. The requests differ, so that no
 * branch is learnt by heart, and are made before the clock starts, as a gateway has them at hand.
 */
const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const ruleCount = 100;
const seconds = 2;

type RuleSource = PolicySource['rules'][number];

const policyOf = (rules: RuleSource[]): Policy =>
  ({ id: 'bench', version: 1, description: 'For the bench.', rules, tests: [] }) as Policy;

/** Rules about many operations, roles and conditions, as a tenant might have them. */
const mixedRules = Array.from({ length: ruleCount }, (_, i): RuleSource => ({
  id: `rule-${i}`,
  effect: i % 5 === 0 ? 'deny' : 'allow',
  actions: [['agent.*', 'message.send', 'inbox.*', 'memory.get', 'audit.*', '*'][i % 6]!],
  subjects: {
    kinds: [(['agent', 'user', 'apiKey'] as const)[i % 3]!],
    ...(i % 4 === 0 && { ids: [`apiKey:key-${i}`] }),
    ...(i % 7 === 0 && { types: ['COPILOT', 'GEMINI'] }),
  },
  ...(i % 8 === 0 && { relationship: ['controller'] }),
  ...(i % 9 === 0 && { conditions: { time: { from: '08:00', to: '18:00' } } }),
  ...(i % 10 === 0 && { conditions: { networks: [`10.${i}.0.0/16`] } }),
}));

/** The worst case: every rule is about every operation and every caller, and its last question is the one that fails. */
const allAsked = (conditions: RuleSource['conditions']): RuleSource[] =>
  Array.from({ length: ruleCount }, (_, i) => ({
    ...{ id: `rule-${i}`, effect: 'allow', actions: ['*'] },
    ...{ subjects: { kinds: ['agent', 'user', 'apiKey'] }, conditions },
  }));
const working = { from: '08:00', to: '18:00' };

const requests = Array.from({ length: 1_024 }, (_, i): PolicyRequest => {
  const kind = (['agent', 'user', 'apiKey'] as const)[i % 3]!;
  const action = ['agent.get', 'agent.revoke', 'message.send', 'inbox.fetch', 'memory.get', 'audit.events'][
    i % 6
  ]!;
  return policyRequest.parse({
    action,
    subject: {
      ...{ kind, id: kind === 'agent' ? did : `${kind}-${i}`, tenant: 'default' },
      ...{ roles: kind === 'user' ? ['developer'] : [], scopes: ['read', 'write'] },
      ...(kind === 'agent' && { type: 'CLAUDE', verified: true }),
    },
    resource: { type: action.slice(0, action.indexOf('.')), id: `thing-${i}`, tenant: 'default' },
    context: { time: '2026-01-01T12:00:00Z', ip: `10.${i % 16}.0.${i % 256}` },
  });
});

const cases: Record<string, readonly Policy[]> = {
  'built-in': builtinPolicies,
  [`built-in and ${ruleCount} mixed rules`]: [...builtinPolicies, policyOf(mixedRules)],
  [`${ruleCount} rules, all asked for the time in vain`]: [
    policyOf(allAsked({ time: working, notAfter: '2026-01-01T00:00:00Z' })),
  ],
  [`${ruleCount} rules, all asked for the network in vain`]: [
    policyOf(allAsked({ time: working, networks: ['192.168.0.0/16', '2001:db8::/32'] })),
  ],
};

for (const [name, policies] of Object.entries(cases)) {
  const set = compilePolicies(policies);
  const rules = policies.reduce((sum, { rules: own }) => sum + own.length, 0);
  const round = (): number => requests.reduce((sum, request) => sum + Number(set.decide(request).allow), 0);
  for (let i = 0; i < 100; i += 1) round();
  let rounds = 0;
  let allowed = 0;
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1_000) {
    allowed += round();
    rounds += 1;
  }
  const perSecond = Math.round((rounds * requests.length) / ((performance.now() - begun) / 1_000));
  const share = Math.round((100 * allowed) / (rounds * requests.length));
  process.stdout.write(
    `${JSON.stringify({ name, rules, decisionsPerSecond: perSecond, allowedPercent: share })}\n`,
  );
}
