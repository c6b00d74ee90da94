import { activitiesOf, batchText, observationsOf, readActivities, type Told } from './activity';

const change = (over: object) => ({
  ...{ tenant: 'default', messageId: 'm', from: 'did:ada', to: 'did:bob', status: 'SENT', attempt: 1 },
  ...{ replay: 0, acceptance: null, deliveredAt: null, error: null },
  ...over,
});
const told = (time: string, type: string, ...changes: object[]): Told =>
  ({ envelope: { time, type }, changes }) as Told;
const accepted = { status: 'PENDING', acceptance: {} };
const minute = Date.parse('2026-01-01T00:01:00Z') / 60_000;

describe('what events tell of agents', () => {
  const activities = activitiesOf([
    told('2026-01-01T00:01:00Z', 'a', change(accepted)),
    told('2026-01-01T00:01:59Z', 'a', change(accepted), change({ ...accepted, to: 'topic:"x"' })),
    told('2026-01-01T00:01:59Z', 's', change({ status: 'SENT' })),
    told('2026-01-01T00:02:00Z', 'f', change({ status: 'FAILED' }), change({ status: 'DELIVERED' })),
    told('2026-01-01T00:02:00Z', 'e', change({ status: 'EXPIRED', to: 'topic:"x"' })),
    told('2026-01-01T00:02:00Z', 'concordat.bus.messages.purged.v1', change({ status: 'EXPIRED' })),
  ]);
  const pair = { tenant: 'default', from: 'did:ada', to: 'did:bob' };

  it('is added up by pair and minute; what was purged is no error', () => {
    expect(activities).toEqual([
      { ...pair, minute, sent: 2, ended: 0, failed: 0 },
      { ...pair, to: 'topic:"x"', minute, sent: 1, ended: 0, failed: 0 },
      { ...pair, minute: minute + 1, sent: 0, ended: 2, failed: 1 },
      { ...pair, to: 'topic:"x"', minute: minute + 1, sent: 0, ended: 1, failed: 1 },
    ]);
  });

  it('is read back as it was written', () => {
    expect(readActivities(batchText(activities))).toEqual(activities);
    expect(readActivities(batchText([]))).toEqual([]);
  });

  it('is of both sides where a message ended; of a topic, and of oneself, of one', () => {
    const self = { ...pair, to: 'did:ada', minute, sent: 1, ended: 1, failed: 0 };
    const agents = observationsOf([...activities, self], minute);
    expect([...agents.values()].map(({ agent, observations }) => [agent, observations.length])).toEqual([
      ['did:ada', 5],
      ['did:bob', 1],
    ]);
    // Nothing of tomorrow.
    expect([...agents.values()].flatMap(({ observations }) => observations.map((o) => o.minute))).toEqual(
      Array<number>(6).fill(minute),
    );
  });
});
