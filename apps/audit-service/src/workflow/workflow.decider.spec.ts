import { limits, WorkflowEnded, WorkflowStarted } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import { type WorkflowCommand, workflowDecider, type WorkflowFact } from './workflow.decider';

const given = specification(workflowDecider);
const nowMs = 1_800_000_000_000;
const started: WorkflowFact = { type: WorkflowStarted.type, data: { startedAtMs: nowMs - 1_000 } };
const ended: WorkflowFact = {
  type: WorkflowEnded.type,
  data: { status: 'completed', endedAtMs: nowMs, durationMs: 1_000 },
};
const start = (startedAtMs = nowMs): WorkflowCommand => ({ kind: 'StartWorkflow', startedAtMs, nowMs });
const end = (status: 'completed' | 'failed' | 'cancelled', endedAtMs = nowMs): WorkflowCommand => ({
  ...{ kind: 'EndWorkflow', status, endedAtMs, nowMs },
});

describe('an execution that never started', () => {
  it('starts, now or at a time that has passed', () => {
    given([])
      .when(start())
      .then([{ ...started, data: { startedAtMs: nowMs } }]);
    given([])
      .when(start(nowMs - 1_000))
      .then([started]);
  });

  it('does not start in the future, but for what clocks differ, nor before 1970', () => {
    const skewMs = limits.clockSkewSeconds * 1_000;
    given([])
      .when(start(nowMs + skewMs + 1))
      .refuses('GOVERNANCE_TIME_INVALID');
    given([])
      .when(start(nowMs + skewMs))
      .then([{ ...started, data: { startedAtMs: nowMs + skewMs } }]);
    given([]).when(start(-1)).refuses('GOVERNANCE_TIME_INVALID');
  });

  it.each(['completed', 'failed', 'cancelled'] as const)('is not %s', (status) =>
    given([]).when(end(status)).refuses('WORKFLOW_UNKNOWN'),
  );
});

describe('a running execution', () => {
  it.each(['completed', 'failed', 'cancelled'] as const)('is %s, and how long it took is known', (status) =>
    given([started])
      .when(end(status))
      .then([{ ...ended, data: { ...ended.data, status } as typeof ended.data }]),
  );

  it('does not end before its start, nor in the future', () => {
    given([started])
      .when(end('completed', nowMs - 1_001))
      .refuses('GOVERNANCE_TIME_INVALID');
    given([started])
      .when(end('completed', nowMs + 6_000))
      .refuses('GOVERNANCE_TIME_INVALID');
  });

  it('does not start again', () => given([started]).when(start()).refuses('VERSION_CONFLICT'));
});

describe('an execution that has ended', () => {
  it.each(['completed', 'failed', 'cancelled'] as const)('is not %s any more', (status) =>
    given([started, ended]).when(end(status)).refuses('WORKFLOW_ENDED'),
  );
});
