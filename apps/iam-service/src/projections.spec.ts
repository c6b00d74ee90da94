import { eventList, type EventSpec } from '@concordat/contracts';
import { iamProjections } from './projections';

/** They go to the feed of refusals and are not stored. */
const onlyFed = ['concordat.iam.handshake.refused.v1', 'concordat.iam.login.refused.v1'];
const stored = eventList.filter(({ type }) => type.startsWith('concordat.iam.') && !onlyFed.includes(type));
const about = { tenant: 't', stream: 's/1', version: 1, time: '2026-01-01T00:00:00.000Z', actor: 'a' };

/** Whether a rebuild would stop there; that a projection fails over the empty data is no matter here. */
function isUnknown({ type }: EventSpec): boolean {
  try {
    iamProjections({ type, data: {}, sealed: {}, ...about });
    return false;
  } catch (error) {
    return (error as Error).message.startsWith('no projection is known');
  }
}

describe('a rebuild of the tables of iam', () => {
  it('knows every event that is stored there', () => {
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.filter(isUnknown).map(({ type }) => type)).toEqual([]);
    expect(isUnknown({ ...stored[0]!, type: 'concordat.iam.nothing.happened.v1' })).toBe(true);
  });
});
