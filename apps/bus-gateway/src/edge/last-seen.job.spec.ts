import { limits, type OperationInput, type Principal } from '@concordat/contracts';
import { createLogger } from '@concordat/runtime';
import { LastSeenJob } from './last-seen.job';
import type { ServiceCalls } from './service-calls';

type Report = OperationInput<'credential.seen'>;

const logger = createLogger({ service: 'bus', instance: 'bus-1', level: 'silent' });
const agent = (id: string, tenant = 't'): Principal => ({
  ...{ kind: 'agent', tenant, id, scopes: ['read'], tokenId: 'x' },
});
const at = (ms: number): string => new Date(ms).toISOString();

function open() {
  const reports: Report[] = [];
  const state = { nowMs: 1_000, answer: async (): Promise<void> => undefined };
  const call = async (_operation: string, input: unknown): Promise<{ output: object; position: null }> => {
    await state.answer();
    reports.push(input as Report);
    return { output: {}, position: null };
  };
  const services = { call } as unknown as ServiceCalls;
  return { reports, state, job: new LastSeenJob({ services, nowMs: () => state.nowMs, logger }) };
}

describe('who was let in', () => {
  it('is reported once, with the last time, apart by tenant and kind', async () => {
    const { reports, state, job } = open();
    job.note(agent('a'));
    job.note(agent('a', 'u'));
    job.note({ kind: 'apiKey', tenant: 't', id: 'a', scopes: [] });
    job.note({ kind: 'anonymous', tenant: 't', id: 'anonymous', scopes: [] });
    state.nowMs = 2_000;
    job.note(agent('a'));
    await job.report();
    expect(reports).toEqual([
      {
        agents: [
          { tenant: 'u', did: 'a', at: at(1_000) },
          { tenant: 't', did: 'a', at: at(2_000) },
        ],
        apiKeys: [{ tenant: 't', id: 'a', at: at(1_000) }],
      },
    ]);
    await job.report();
    expect(reports).toHaveLength(1);
  });

  it('is reported in batches that iam-service takes', async () => {
    const { reports, job } = open();
    for (let i = 0; i < limits.seenItems + 1; i++) job.note(agent(String(i)));
    await job.report();
    expect(reports.map(({ agents }) => agents.length)).toEqual([limits.seenItems, 1]);
  });

  it('is kept when a report does not arrive, and when it was seen again meanwhile', async () => {
    const { reports, state, job } = open();
    job.note(agent('a'));
    state.answer = () => Promise.reject(new Error('not now'));
    await expect(job.report()).rejects.toThrow('not now');
    let isFirst = true;
    state.answer = async () => {
      if (isFirst) {
        state.nowMs = 3_000;
        job.note(agent('a'));
      }
      isFirst = false;
    };
    await job.report();
    expect(reports.map(({ agents }) => agents)).toEqual([
      [{ tenant: 't', did: 'a', at: at(1_000) }],
      [{ tenant: 't', did: 'a', at: at(3_000) }],
    ]);
  });

  it('is forgotten, longest ago first, when there are too many', async () => {
    const { reports, job } = open();
    for (let i = 0; i < 50_002; i++) job.note(agent(String(i)));
    await job.report();
    const dids = reports.flatMap(({ agents }) => agents.map(({ did }) => did));
    expect([dids.length, dids[0]]).toEqual([50_000, '2']);
  });
});
