import fc from 'fast-check';
import { type Alert, alertName, changesOf, type Reading, thresholds } from './alert-rules';

const partition = { kind: 'oldestWait', on: 'bus.0', tenant: 'default' } as const;
const up = (...alerts: Alert[]) => new Map(alerts.map((alert) => [alertName(alert), alert]));

describe('the rules of alerts', () => {
  it('what is not known / raises nothing and clears nothing', () => {
    for (const raised of [up(), up(partition)])
      expect(changesOf(raised, [{ ...partition, value: undefined }])).toEqual([]);
  });

  it('an alert of one tenant / is none of another with a queue of that name', () => {
    const queue = { kind: 'inboxFull', on: 'topic:orders/workers' } as const;
    const reading = { ...queue, tenant: 'acme', value: 9_000 };
    expect(changesOf(up({ ...queue, tenant: 'default' }), [reading])).toMatchObject([
      { past: 'raised', tenant: 'acme', threshold: 9_000 },
    ]);
  });

  it('a flood / raises a thousand alerts, and others when there is room again', () => {
    const flood = Array.from({ length: 1_500 }, (_, n): Reading => ({
      kind: 'inboxFull',
      on: `topic:t/${n}`,
      tenant: 'default',
      value: 9_999,
    }));
    const raised = changesOf(up(), flood);
    expect(raised).toHaveLength(1_000);
    expect(changesOf(up(...raised.slice(1)), flood)).toHaveLength(1);
  });

  it('whatever is read / raising and clearing take turns, each on its side of the thresholds', () => {
    const value = fc.option(fc.double({ min: 0, max: 4_000, noNaN: true }), { nil: undefined });
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const { raise, clear } = thresholds.oldestWait;
        const raised = up();
        for (const read of values) {
          const changes = changesOf(raised, [{ ...partition, value: read }]);
          const isUp = raised.size === 1;
          if (changes.length === 0) {
            expect(read === undefined || (isUp ? read >= clear : read < raise)).toBe(true);
            continue;
          }
          const [{ past, value: told }] = changes as [(typeof changes)[0]];
          expect([past, told]).toEqual([isUp ? 'cleared' : 'raised', read]);
          if (isUp) raised.clear();
          else raised.set(alertName(partition), partition);
          expect(isUp ? told < clear : told >= raise).toBe(true);
        }
      }),
    );
  });
});
