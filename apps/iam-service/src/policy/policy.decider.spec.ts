import {
  isConcordatError,
  type PolicyDocument,
  type PolicyEvent,
  PolicyPublished,
  PolicyRemoved,
} from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import fc from 'fast-check';
import { type PolicyCommand, policyDecider, type PolicyState } from './policy.decider';

const given = specification(policyDecider);
const policy: PolicyDocument = {
  id: 'night',
  description: 'Of a test.',
  rules: [{ id: 'r', effect: 'deny', actions: ['agent.erase'] }],
  tests: [],
};
const published = (version: number): PolicyEvent => ({
  type: PolicyPublished.type,
  data: { policy: { ...policy, version } },
});
const removed = (version: number): PolicyEvent => ({
  type: PolicyRemoved.type,
  data: { id: 'night', version },
});
const put = (expectedVersion: number | null = null): PolicyCommand => ({
  ...{ kind: 'PutPolicy', policy, expectedVersion },
});
const remove = (expectedVersion: number | null = null): PolicyCommand => ({
  ...{ kind: 'RemovePolicy', id: 'night', expectedVersion },
});

describe('an id without a policy', () => {
  it('gets version 1', () =>
    given([])
      .when(put(0))
      .then([published(1)]));
  it('has nothing to remove', () => given([]).when(remove()).refuses('POLICY_UNKNOWN'));
  it('is at no version', () => given([]).when(put(1)).refuses('VERSION_CONFLICT'));
});

describe('a policy in force', () => {
  it('gets its next version', () =>
    given([published(1)])
      .when(put(1))
      .then([published(2)]));
  it('is not overwritten by who knows an older one', () =>
    given([published(1), published(2)])
      .when(put(1))
      .refuses('VERSION_CONFLICT'));
  it('is removed', () =>
    given([published(1)])
      .when(remove(1))
      .then([removed(1)]));
});

describe('a policy out of force', () => {
  it('goes on counting, so that no two contents have one version', () =>
    given([published(1), removed(1)])
      .when(put(0))
      .then([published(2)]));
  it('is not removed again', () =>
    given([published(1), removed(1)])
      .when(remove())
      .refuses('POLICY_UNKNOWN'));
});

it('a version names one content, whatever happened', () => {
  const step = fc.record({ isPut: fc.boolean(), expected: fc.option(fc.nat({ max: 4 }), { nil: null }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let state: PolicyState;
      const versions: number[] = [];
      for (const { isPut, expected } of steps) {
        try {
          for (const event of policyDecider.decide(isPut ? put(expected) : remove(expected), state)) {
            if (event.type === PolicyPublished.type) versions.push(event.data.policy.version);
            state = policyDecider.evolve(state, event, '');
          }
        } catch (error) {
          if (!isConcordatError(error)) throw error;
        }
      }
      expect(versions).toEqual(versions.map((_, index) => index + 1));
    }),
  );
});
