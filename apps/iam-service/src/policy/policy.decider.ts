import {
  ConcordatError,
  type Policy,
  type PolicyDocument,
  type PolicyEvent,
  PolicyPublished,
  PolicyRemoved,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface PutPolicy {
  readonly kind: 'PutPolicy';
  readonly policy: PolicyDocument;
  /** 0: it must not be in force; null: any */
  readonly expectedVersion: number | null;
}

export interface RemovePolicy {
  readonly kind: 'RemovePolicy';
  readonly id: string;
  readonly expectedVersion: number | null;
}

export type PolicyCommand = PutPolicy | RemovePolicy;

export interface PolicyHistory {
  /** Goes on counting over a removal, so that no two contents ever have one version. */
  readonly version: number;
  readonly inForce: Policy | null;
  readonly changedAt: string;
}

/** undefined: never written */
export type PolicyState = PolicyHistory | undefined;

/** A policy is published version by version, put out of force, and perhaps published again. */
export const policyDecider: Decider<PolicyCommand, PolicyEvent, PolicyState> = {
  initialState: undefined,

  decide(command, state) {
    requireVersion(command.expectedVersion, state);
    switch (command.kind) {
      case 'PutPolicy': {
        const policy = { ...command.policy, version: (state?.version ?? 0) + 1 };
        return [{ type: PolicyPublished.type, data: { policy } }];
      }
      case 'RemovePolicy':
        if (!state?.inForce) throw new ConcordatError('POLICY_UNKNOWN');
        return [{ type: PolicyRemoved.type, data: { id: command.id, version: state.version } }];
      default:
        return command satisfies never;
    }
  },

  evolve(state, event, time) {
    switch (event.type) {
      case PolicyPublished.type: {
        const { policy } = event.data;
        return { version: policy.version, inForce: policy, changedAt: time };
      }
      case PolicyRemoved.type:
        return state && { ...state, inForce: null, changedAt: time };
      default:
        return event satisfies never;
    }
  },
};

function requireVersion(expected: number | null, state: PolicyState): void {
  const found = state?.inForce?.version ?? 0;
  if (expected !== null && expected !== found)
    throw new ConcordatError('VERSION_CONFLICT', `The policy is at version ${found}, not ${expected}.`);
}
