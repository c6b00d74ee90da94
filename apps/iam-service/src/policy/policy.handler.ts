import { ConcordatError, type Policy, type PolicyEvent, versionOf } from '@concordat/contracts';
import type { Authorizer } from '@concordat/directory';
import {
  type CommandContexts,
  type CommandRunner,
  type EventStore,
  StreamQueue,
} from '@concordat/eventsourcing';
import { builtinPolicies, compilePolicies, dryRun, type PolicySet, reachText } from '@concordat/policy';
import type { OperationContext, OperationHandlers } from '@concordat/runtime';
import { type PolicyCommand, policyDecider, type PolicyState } from './policy.decider';
import { type PolicyInForce, policyProjection, type PolicyQueries } from './policy.projection';
import { completedRequest, type RequestPorts } from './policy-request';
import { compileWith, requireOwnQuestion, requireSound } from './soundness';

export interface PolicyPorts extends RequestPorts {
  readonly runner: CommandRunner;
  readonly contexts: CommandContexts;
  readonly store: EventStore;
  readonly policies: PolicyQueries;
  readonly authorizer: Authorizer;
}

/** The operations `policy.*`. */
export const policyHandlers = (ports: PolicyPorts) =>
  ({ ...policyCommands(ports), ...policyQuestions(ports) }) satisfies OperationHandlers;

function policyCommands({ runner, contexts, policies, authorizer }: PolicyPorts) {
  // One change of a tenant at a time: each is judged by all that are in force, also by what has just come into force.
  const changes = new StreamQueue();
  /** @param others what is in force beside the policy, of which `after` makes the set that would be */
  const run = (
    context: OperationContext,
    input: unknown,
    id: string,
    command: PolicyCommand,
    after: (others: readonly Policy[]) => PolicySet,
  ) => {
    const { tenant } = context.principal;
    const change = {
      stream: `policy/${id}`,
      decider: policyDecider,
      command,
      projection: policyProjection,
      requires: () => requireSound(after(inForce(policies, tenant)), context, authorizer),
    };
    return changes.enter(tenant, () =>
      runner.run<PolicyCommand, PolicyEvent, PolicyState>(contexts.of(context, input), change),
    );
  };

  return {
    'policy.put': async (input, context) => {
      const { ifMatch, ...policy } = input;
      const command = { kind: 'PutPolicy', policy, expectedVersion: versionOf(ifMatch) } as const;
      const { state, at } = await run(context, input, policy.id, command, (others) =>
        compileWith(others, policy),
      );
      return { output: { ...state!.inForce!, updatedAt: state!.changedAt }, position: at };
    },

    'policy.remove': async (input, context) => {
      const { id, ifMatch } = input;
      const command = { kind: 'RemovePolicy', id, expectedVersion: versionOf(ifMatch) } as const;
      const { state, at } = await run(context, input, id, command, (others) =>
        compilePolicies([...builtinPolicies, ...others.filter((policy) => policy.id !== id)]),
      );
      const { version, changedAt } = state!;
      return { output: { id, version, removedAt: changedAt }, position: at };
    },
  } satisfies OperationHandlers;
}

function policyQuestions(ports: PolicyPorts) {
  const { store, policies, authorizer } = ports;
  const here = async () => (await store.head()).at;
  const setOf = (tenant: string): PolicySet =>
    compilePolicies([...builtinPolicies, ...inForce(policies, tenant)]);

  return {
    'policy.dryRun': async (document, { principal: { tenant } }) => {
      const after = compileWith(inForce(policies, tenant), document);
      const { roles, tests } = dryRun(setOf(tenant), after, { tenant });
      const output = {
        results: tests.map(({ policy, name, passed, got }) => ({
          ...{ policy, name, passed, rule: got.rule, allow: got.allow },
        })),
        changes: roles.map(({ who, action, before, after: then }) => ({
          ...{ who, action, before: reachText(before), after: reachText(then) },
        })),
        idlePatterns: [...after.idlePatterns],
      };
      return { output, position: await here() };
    },

    'policy.get': async ({ id }, { principal: { tenant } }) => ({
      output: requirePolicy(policies, tenant, id),
      position: await here(),
    }),

    'policy.list': async ({ limit, cursor }, { principal: { tenant } }) => {
      const all = [...builtinPolicies.map(builtin), ...policies.all(tenant).map(written)];
      const after = cursor ?? '';
      const left = all.filter(({ id }) => id > after).sort((a, b) => (a.id < b.id ? -1 : 1));
      const items = left
        .slice(0, limit)
        .map(({ rules, tests, ...rest }) => ({ ...rest, rules: rules.length, tests: tests.length }));
      const nextCursor = left.length > limit ? items.at(-1)!.id : null;
      return { output: { items, nextCursor }, position: await here() };
    },

    'policy.check': async (input, context) => {
      requireOwnQuestion(input, context, authorizer);
      const request = completedRequest(input, context, ports);
      const { allow, rule, explain } = setOf(context.principal.tenant).explain(request);
      const rules = explain.map(({ policy, rule: name, effect, matched, why }) => ({
        ...{ policy, rule: name, effect, matched, why },
      }));
      return { output: { allow, rule, explain: rules }, position: await here() };
    },
  } satisfies OperationHandlers;
}

const inForce = (policies: PolicyQueries, tenant: string): Policy[] =>
  policies.all(tenant).map(({ policy }) => policy);
const builtin = (policy: Policy) => ({ ...policy, updatedAt: null });
const written = ({ policy, updatedAt }: PolicyInForce) => ({ ...policy, updatedAt });

function requirePolicy(policies: PolicyQueries, tenant: string, id: string) {
  const known = builtinPolicies.find((policy) => policy.id === id);
  const found = known ? builtin(known) : mapped(policies.find(tenant, id));
  if (!found) throw new ConcordatError('POLICY_UNKNOWN');
  return found;
}

const mapped = (found: PolicyInForce | undefined) => found && written(found);
