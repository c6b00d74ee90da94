import { eventList, type EventSpec } from '@concordat/contracts';
import { vaultProjections } from './projections';

/** They go to the feed of vault and are not stored. */
const onlyFed = ['concordat.vault.memory.read.v1', 'concordat.vault.access.refused.v1'];
const stored = eventList.filter(({ type }) => type.startsWith('concordat.vault.') && !onlyFed.includes(type));
const about = { tenant: 't', stream: 's/1', version: 1, time: '2026-01-01T00:00:00.000Z', actor: 'a' };

/** Whether a rebuild would stop there; that a projection fails over the empty data is no matter here. */
function isUnknown({ type }: EventSpec): boolean {
  try {
    vaultProjections({ type, data: {}, sealed: {}, ...about });
    return false;
  } catch (error) {
    return (error as Error).message.startsWith('no projection is known');
  }
}

describe('a rebuild of the tables of vault', () => {
  it('knows every event that is stored there', () => {
    expect(stored.length).toBeGreaterThan(0);
    expect(stored.filter(isUnknown).map(({ type }) => type)).toEqual([]);
    expect(isUnknown({ ...stored[0]!, type: 'concordat.vault.nothing.happened.v1' })).toBe(true);
  });
});
