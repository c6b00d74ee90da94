import fc from 'fast-check';
import { dueStretches } from './due-stretches';
import { Layout } from './layout';
import { dueMs, periodAt, retentionClasses } from './retention-class';

const dayMs = 86_400_000;
const nowMs = Date.UTC(2026, 10, 28, 12);

describe('what is over of the time of a tenant', () => {
  it('that has set nothing / is what is older than 90 days, in whole weeks', () => {
    expect(dueStretches([], nowMs)).toEqual([
      { fromMs: -Infinity, toMs: Date.UTC(2026, 7, 24), retentionClass: 'd90' },
    ]);
  });

  it('goes by the class that counted then, and nothing goes that is kept for ever', () => {
    const [year, ages] = [nowMs - 500 * dayMs, nowMs - 460 * dayMs];
    const settings = [
      { sinceMs: year, retentionClass: 'd365' },
      { sinceMs: ages, retentionClass: 'forever' },
    ] as const;
    expect(dueStretches(settings, nowMs)).toEqual([
      { fromMs: -Infinity, toMs: year + 1, retentionClass: 'd90' },
      { fromMs: year + 1, toMs: ages + 1, retentionClass: 'd365' },
    ]);
  });

  it('is that of which the partition would be due', () => {
    const setting = fc.record({
      sinceMs: fc.integer({ min: nowMs - 800 * dayMs, max: nowMs }),
      retentionClass: fc.constantFrom(...retentionClasses),
    });
    const settings = fc.uniqueArray(setting, { selector: ({ sinceMs }) => sinceMs, maxLength: 4 });
    fc.assert(
      fc.property(settings, fc.integer({ min: nowMs - 900 * dayMs, max: nowMs }), (chosen, ms) => {
        const history = chosen.toSorted((a, b) => a.sinceMs - b.sinceMs);
        const layout = new Layout(
          0,
          history.map((one) => ({ ...one, tenant: 't', kind: 'events' })),
          [],
        );
        const name = layout.classAt('t', 'events', ms);
        // A partition is written into by its class alone; a stretch may end in it, where the class changed.
        const isDue = dueMs(name, periodAt(name, ms)) <= nowMs;
        const isOver = dueStretches(history, nowMs).some(({ fromMs, toMs }) => ms >= fromMs && ms < toMs);
        expect(isOver).toBe(isDue);
      }),
      { numRuns: 1_000 },
    );
  });
});
