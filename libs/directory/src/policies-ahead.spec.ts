import { type DirectoryEntry, type Policy, PolicyPublished, PolicyRemoved } from '@concordat/contracts';
import { builtinPolicies } from '@concordat/policy';
import fc from 'fast-check';
import { Directory } from './directory';
import type { DirectoryEvent } from './kinds/kind';

const tenant = 't1';
const policy = (id: string, version: number): Policy => ({
  ...{ id, version, description: 'Of a test.', tests: [] },
  rules: [{ id: 'r', effect: 'deny', actions: ['agent.erase'] }],
});

/** What can happen to two policies: put and removed, each version once. */
const history = fc
  .array(fc.record({ id: fc.constantFrom('a', 'b'), isPut: fc.boolean() }), { minLength: 1, maxLength: 12 })
  .map((steps) => {
    const versions = new Map<string, number>();
    const inForce = new Set<string>();
    const events: DirectoryEvent[] = [];
    for (const { id, isPut } of steps) {
      if (!isPut && !inForce.delete(id)) continue;
      const version = (versions.get(id) ?? 0) + (isPut ? 1 : 0);
      versions.set(id, version);
      if (isPut) inForce.add(id);
      const type = isPut ? PolicyPublished.type : PolicyRemoved.type;
      const data = isPut ? { policy: policy(id, version) } : { id, version };
      const at = { epoch: 1, position: events.length + 1 };
      events.push({ at, tenant, type, time: '2026-01-01T00:00:00.000Z', actor: null, data });
    }
    return events;
  });

const inForce = (directory: Directory): string[] =>
  directory
    .policiesOf(tenant)
    .policies.filter((one) => !builtinPolicies.includes(one))
    .map(({ id, version }) => `${id} ${version}`);

/** The chunk that holds the policies, read after so many events. */
function snapshot(events: readonly DirectoryEvent[]): { at: DirectoryEvent['at']; entry: DirectoryEntry }[] {
  const last = new Map<string, { at: DirectoryEvent['at']; entry: DirectoryEntry }>();
  for (const { at, type, data } of events) {
    const published = type === PolicyPublished.type ? (data as { policy: Policy }).policy : null;
    const id = published?.id ?? (data as { id: string }).id;
    last.set(id, { at, entry: { kind: 'policy', tenant, id, policy: published } });
  }
  return [...last.values()];
}

const expected = (events: readonly DirectoryEvent[]): string[] =>
  snapshot(events)
    .flatMap(({ entry }) => (entry.kind === 'policy' && entry.policy ? [entry.policy] : []))
    .map(({ id, version }) => `${id} ${version}`)
    .sort();

describe('policies of which the control lane has told', () => {
  it('are in force, or out of force, at once, whatever the stream and snapshots still bring of the past', () => {
    const arbitrary = history.chain((events) =>
      fc.record({
        events: fc.constant(events),
        seen: fc.nat({ max: events.length }),
        reloadAt: fc.nat({ max: events.length }),
        lead: fc.array(fc.nat({ max: 3 }), { minLength: events.length, maxLength: events.length }),
      }),
    );
    fc.assert(
      fc.property(arbitrary, ({ events, seen, reloadAt, lead }) => {
        const directory = new Directory();
        let said = 0;
        for (const [index, event] of events.entries()) {
          for (; said < Math.min(index + 1 + lead[index]!, events.length); said++)
            directory.anticipate(events[said]!);
          if (index === reloadAt) {
            directory.clear();
            const read = events.slice(0, Math.min(Math.max(seen, index), said));
            for (const { at, entry } of snapshot(read)) directory.put(at, entry);
            if (index > 0) directory.advanced(events[index - 1]!.at);
          }
          directory.apply(event);
          expect(inForce(directory)).toEqual(expected(events.slice(0, said)));
          directory.advanced(event.at);
        }
        expect(inForce(directory)).toEqual(expected(events));
      }),
      { numRuns: 100 },
    );
  });
});
