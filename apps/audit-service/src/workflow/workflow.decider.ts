import { ConcordatError, type EndedStatus, WorkflowEnded, WorkflowStarted } from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';
import { requirePast, timeInvalid } from '../governance/record-time';

/** Times are milliseconds since 1970, UTC. */
export interface StartWorkflow {
  readonly kind: 'StartWorkflow';
  readonly startedAtMs: number;
  readonly nowMs: number;
}

export interface EndWorkflow {
  readonly kind: 'EndWorkflow';
  readonly status: EndedStatus;
  readonly endedAtMs: number;
  readonly nowMs: number;
}

export type WorkflowCommand = StartWorkflow | EndWorkflow;

/** What was decided; the row and the published event add who, and the hash. */
export type WorkflowFact =
  | { readonly type: typeof WorkflowStarted.type; readonly data: { readonly startedAtMs: number } }
  | { readonly type: typeof WorkflowEnded.type; readonly data: WorkflowEnd };

export interface WorkflowEnd {
  readonly status: EndedStatus;
  readonly endedAtMs: number;
  readonly durationMs: number;
}

/** undefined: never started */
export type WorkflowState = { readonly startedAtMs: number; readonly end: WorkflowEnd | null } | undefined;

/** An execution starts once, ends once, and not before it started. */
export const workflowDecider: Decider<WorkflowCommand, WorkflowFact, WorkflowState> = {
  initialState: undefined,

  decide(command, state) {
    const { nowMs } = command;
    switch (command.kind) {
      case 'StartWorkflow': {
        if (state) throw new ConcordatError('VERSION_CONFLICT', 'There is an execution with this id.');
        const { startedAtMs } = command;
        requirePast('/startedAt', startedAtMs, nowMs);
        return [{ type: WorkflowStarted.type, data: { startedAtMs } }];
      }
      case 'EndWorkflow': {
        if (!state) throw new ConcordatError('WORKFLOW_UNKNOWN');
        if (state.end) throw new ConcordatError('WORKFLOW_ENDED', `It is ${state.end.status}.`);
        const { status, endedAtMs } = command;
        requirePast('/endedAt', endedAtMs, nowMs);
        const durationMs = endedAtMs - state.startedAtMs;
        if (durationMs < 0) throw timeInvalid('/endedAt', 'must not be before the start');
        return [{ type: WorkflowEnded.type, data: { status, endedAtMs, durationMs } }];
      }
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case WorkflowStarted.type:
        return { startedAtMs: event.data.startedAtMs, end: null };
      case WorkflowEnded.type:
        return state && { ...state, end: event.data };
      default:
        return event satisfies never;
    }
  },
};
