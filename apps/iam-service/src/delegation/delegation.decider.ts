import {
  ConcordatError,
  delegableScopes,
  DelegationCreated,
  type DelegationEvent,
  DelegationRevoked,
  isWithin,
  limits,
  type Right,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

export interface CreateDelegation {
  readonly kind: 'CreateDelegation';
  readonly id: string;
  /** Whose right it is, then everybody whom it was handed to, in order: the last one hands it on now. */
  readonly holders: readonly string[];
  readonly to: string;
  readonly parent: string | null;
  /** What the one who hands on has himself. */
  readonly held: Right;
  readonly wanted: Right;
}

export interface RevokeDelegation {
  readonly kind: 'RevokeDelegation';
  readonly id: string;
}

export type DelegationCommand = CreateDelegation | RevokeDelegation;

export interface DelegationFacts extends Right {
  readonly id: string;
  readonly owner: string;
  readonly from: string;
  readonly to: string;
  readonly parent: string | null;
  readonly status: 'active' | 'revoked';
  readonly createdAt: string;
}

/** undefined: never made */
export type DelegationState = DelegationFacts | undefined;

/** A right is handed on narrower or alike, never wider, never back, and not without end; and taken back for good. */
export const delegationDecider: Decider<DelegationCommand, DelegationEvent, DelegationState> = {
  initialState: undefined,

  decide(command, state) {
    switch (command.kind) {
      case 'CreateDelegation':
        if (state) throw new ConcordatError('VERSION_CONFLICT', 'There is a delegation with this id.');
        return create(command);
      case 'RevokeDelegation':
        if (!state) throw new ConcordatError('DELEGATION_UNKNOWN');
        return state.status === 'active'
          ? [{ type: DelegationRevoked.type, data: { id: state.id, owner: state.owner } }]
          : [];
      default:
        return command satisfies never;
    }
  },

  evolve(state, event, time) {
    switch (event.type) {
      case DelegationCreated.type:
        return { ...event.data, status: 'active', createdAt: time };
      case DelegationRevoked.type:
        return state && { ...state, status: 'revoked' };
      default:
        return event satisfies never;
    }
  },
};

function create({ id, holders, to, parent, held, wanted }: CreateDelegation): DelegationEvent[] {
  if (holders.length > limits.delegationDepth)
    throw new ConcordatError(
      'DELEGATION_TOO_WIDE',
      `A right is handed on ${limits.delegationDepth} times at most.`,
    );
  if (holders.includes(to))
    throw new ConcordatError('DELEGATION_FORBIDDEN', 'A right is not handed to somebody who has it.');
  const kept = wanted.scopes.find((scope) => !delegableScopes.includes(scope));
  if (kept) throw new ConcordatError('DELEGATION_TOO_WIDE', `The scope ${kept} cannot be delegated.`);
  if (!isWithin(wanted, held)) throw new ConcordatError('DELEGATION_TOO_WIDE');
  const right = {
    scopes: [...wanted.scopes],
    operations: wanted.operations && [...wanted.operations],
    expiresAt: wanted.expiresAt,
  };
  const data = { id, owner: holders[0]!, from: holders.at(-1)!, to, parent, ...right };
  return [{ type: DelegationCreated.type, data }];
}
