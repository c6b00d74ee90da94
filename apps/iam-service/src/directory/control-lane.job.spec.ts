import { AgentRevoked } from '@concordat/contracts';
import { MemoryEventStore } from '@concordat/eventsourcing';
import { createLogger } from '@concordat/runtime';
import type { ControlEvent, ControlLanePublisher } from '@concordat/streams';
import { ControlLaneJob } from './control-lane.job';

const logger = createLogger({ service: 'iam', instance: 'iam-1', level: 'silent' });
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const revocation = {
  ...{
    tenant: 't',
    stream: 'agent/x',
    expectedVersion: 0,
    time: '2026-01-01T00:00:00.000Z',
    actor: 'service:iam',
  },
  ...{ correlation: null, traceparent: null, command: null, effects: [] },
  events: [{ type: AgentRevoked.type, subject: 'x', data: '{"did":"x","reason":"unspecified"}' }],
};

describe('the control lane', () => {
  it('says a revocation that could not be said, before the next beat', async () => {
    const store = new MemoryEventStore('iam', 1);
    const said: string[] = [];
    let isDown = true;
    const publish = async (head: { position: number }, event: ControlEvent | null): Promise<void> => {
      if (isDown) throw new Error('command timed out');
      said.push(event ? `revoked ${event.at.position}` : `beat ${head.position}`);
    };
    const job = new ControlLaneJob(store, { publish } as unknown as ControlLanePublisher, logger);
    await job.onApplicationBootstrap();
    await store.append(revocation);
    await turn();
    isDown = false;
    while (said.length < 2) await turn();
    await job.beforeApplicationShutdown();
    expect(said.slice(0, 2)).toEqual(['revoked 1', 'beat 1']);
  });
});
