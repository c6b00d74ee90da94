import fc from 'fast-check';
import { placeOf } from '../message/message-place';
import { aheadMs, Layout, type Partition, type Setting } from './layout';
import { dueMs, partitionName, periodAt, type RetentionClass, retentionClasses } from './retention-class';

const dayMs = 86_400_000;
const start = Date.UTC(2026, 10, 28);
const setting = (sinceMs: number, retentionClass: RetentionClass, tenant = 'one'): Setting => ({
  ...{ tenant, kind: 'messages', sinceMs, retentionClass },
});
/** A layout after its missing partitions were made. */
const grown = (settings: readonly Setting[], nowMs: number, before: readonly Partition[] = []): Layout => {
  const layout = new Layout(1, settings, before);
  const made = layout
    .missing({ nowMs, loggedMs: nowMs })
    .map((partition) => ({ ...partition, isClosed: false }));
  return new Layout(2, settings, [...before, ...made]);
};
const idAt = (ms: number): string => {
  const hex = Math.max(0, ms).toString(16).padStart(12, '0');
  return `msg-1-0-${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};

describe('the layout of partitions', () => {
  it('keeps what came before a setting under the class of then', () => {
    const layout = new Layout(1, [setting(start, 'd365'), setting(start + 5, 'd30')], []);
    expect(
      [start, start + 1, start + 5, start + 6].map((ms) => layout.classAt('one', 'messages', ms)),
    ).toEqual(['d90', 'd365', 'd365', 'd30']);
    expect(layout.classAt('one', 'events', start + 6)).toBe('d90');
    expect(layout.classAt('two', 'messages', start + 6)).toBe('d90');
  });

  it('has partitions of the default, of events that last and of what tenants have chosen, and of nothing else', () => {
    const classesOf = (layout: Layout) =>
      new Set(layout.partitions.map(({ kind, retentionClass }) => `${kind} ${retentionClass}`));
    const always = ['events d90', 'events forever', 'messages d90'];
    expect(classesOf(grown([], start))).toEqual(new Set(always));
    expect(classesOf(grown([setting(start, 'forever')], start))).toEqual(
      new Set([...always, 'messages forever']),
    );
    // What was given up gets no new ones.
    expect(classesOf(grown([setting(start, 'forever'), setting(start + 1, 'd90')], start))).toEqual(
      new Set(always),
    );
  });

  it('covers every time that can come when its missing partitions were made, however long nobody made any', () => {
    const anyClass = fc.constantFrom(...retentionClasses);
    const absence = fc.integer({ min: 0, max: 3_000 * dayMs });
    fc.assert(
      fc.property(anyClass, absence, (name, away) => {
        const settings = [setting(start + aheadMs, name)];
        const before = grown(settings, start);
        const nowMs = start + away;
        const after = grown(settings, nowMs, before.partitions);
        expect(after.covers({ nowMs, loggedMs: nowMs })).toBe(true);
        expect(after.missing({ nowMs, loggedMs: nowMs })).toEqual([]);
        const names = after.partitions.map((p) => partitionName(p.kind, p.retentionClass, p));
        expect(new Set(names).size).toBe(names.length);
      }),
    );
  });

  it('makes few partitions and none that is due, however wrong the clock is', () => {
    const anyMs = fc.integer({ min: 0, max: Date.UTC(9_000, 0) });
    fc.assert(
      fc.property(anyMs, anyMs, (nowMs, otherMs) => {
        const settings = retentionClasses.map((name) => setting(nowMs - dayMs, name, name));
        const loggedMs = Math.max(nowMs, otherMs);
        const missing = new Layout(1, settings, []).missing({ nowMs, loggedMs });
        expect(missing.length).toBeLessThan(70);
        for (const partition of missing)
          expect(dueMs(partition.retentionClass, partition)).toBeGreaterThan(nowMs);
      }),
    );
  });
});

describe('the place of a message', () => {
  const layout = grown([setting(start - 10 * dayMs, 'd30')], start);
  const placeAt = (ms: number) => placeOf({ tenant: 'one', messageId: idAt(ms) }, layout, start);

  it('is by its id the same at every later time, also when another class was chosen since', () => {
    const anyAge = fc.integer({ min: 0, max: 29 * dayMs });
    const anyClass = fc.constantFrom(...retentionClasses);
    fc.assert(
      fc.property(anyAge, anyClass, fc.integer({ min: 0, max: dayMs }), (age, name, later) => {
        const first = placeAt(start - age);
        expect(first).toMatchObject({ by: 'id', retentionClass: age < 10 * dayMs ? 'd30' : 'd90' });
        const settings = [setting(start - 10 * dayMs, 'd30'), setting(start + aheadMs, name)];
        const after = grown(settings, start + later, layout.partitions);
        const message = { tenant: 'one', messageId: idAt(start - age) };
        expect(placeOf(message, after, start + later)).toEqual(first);
      }),
    );
  });

  it('always has a partition, whatever time the id says', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
        const { retentionClass, acceptedAt } = placeAt(ms);
        expect(layout.has('messages', retentionClass as RetentionClass, Date.parse(acceptedAt))).toBe(true);
      }),
    );
  });

  it('counts from now when the id is of a time to come, or older than what is kept', () => {
    for (const ms of [0, start - 200 * dayMs, start + aheadMs + 1, 2 ** 48 - 1])
      expect(placeAt(ms)).toEqual({
        ...{ by: 'now', retentionClass: 'd30', acceptedAt: new Date(start).toISOString() },
      });
    expect(placeAt(start + aheadMs).by).toBe('id');
    expect(periodAt('d30', start).fromMs).toBe(start);
  });
});
