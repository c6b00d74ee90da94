import { isConcordatError } from '@concordat/contracts';
import fc from 'fast-check';
import { type WorkflowCommand, workflowDecider, type WorkflowState } from './workflow.decider';

/**
 * The life of executions against a naive model, asked by several callers at once: whoever has the lock of the row decides
 * on the state that the one before has left.
 */
const nowMs = 1_800_000_000_000;
const time = fc.integer({ min: nowMs - 5_000, max: nowMs + 10_000 });
const command: fc.Arbitrary<WorkflowCommand> = fc.oneof(
  {
    weight: 1,
    arbitrary: time.map((startedAtMs) => ({ kind: 'StartWorkflow' as const, startedAtMs, nowMs })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('EndWorkflow' as const),
      status: fc.constantFrom('completed', 'failed', 'cancelled'),
      endedAtMs: time,
      nowMs: fc.constant(nowMs),
    }),
  },
);

interface Model {
  startedAtMs?: number;
  endedAs?: string;
}

/** What a reader of the documentation would expect. @returns the code of the refusal, if it is refused */
function expected(model: Model, asked: WorkflowCommand): string | undefined {
  if (asked.kind === 'StartWorkflow') {
    if (model.startedAtMs !== undefined) return 'VERSION_CONFLICT';
    if (asked.startedAtMs > nowMs + 5_000) return 'GOVERNANCE_TIME_INVALID';
    model.startedAtMs = asked.startedAtMs;
    return undefined;
  }
  if (model.startedAtMs === undefined) return 'WORKFLOW_UNKNOWN';
  if (model.endedAs !== undefined) return 'WORKFLOW_ENDED';
  if (asked.endedAtMs > nowMs + 5_000 || asked.endedAtMs < model.startedAtMs)
    return 'GOVERNANCE_TIME_INVALID';
  model.endedAs = asked.status;
  return undefined;
}

const schedule = fc.array(fc.record({ on: fc.integer({ min: 0, max: 2 }), asked: command }), {
  maxLength: 40,
});

it('executions, whoever asks in whatever order / each start once and end once, as the model says', () => {
  fc.assert(
    fc.property(schedule, (steps) => {
      const states: WorkflowState[] = [undefined, undefined, undefined];
      const models: Model[] = [{}, {}, {}];
      const ends = [0, 0, 0];
      for (const { on, asked } of steps) {
        let refused: string | undefined;
        try {
          const facts = workflowDecider.decide(asked, states[on]);
          states[on] = facts.reduce((state, fact) => workflowDecider.evolve(state, fact, ''), states[on]);
          if (asked.kind === 'EndWorkflow') ends[on]!++;
        } catch (error) {
          if (!isConcordatError(error)) throw error;
          refused = error.code;
        }
        expect(refused).toBe(expected(models[on]!, asked));
        expect(states[on]?.startedAtMs).toBe(models[on]!.startedAtMs);
        expect(states[on]?.end?.status).toBe(models[on]!.endedAs);
        const end = states[on]?.end;
        if (end) expect(end.durationMs).toBe(end.endedAtMs - states[on]!.startedAtMs);
      }
      expect(ends.every((count) => count <= 1)).toBe(true);
    }),
  );
});
