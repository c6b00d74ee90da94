import { isConcordatError, MemoryDeleted, type MemoryEvent, MemoryWritten } from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import fc from 'fast-check';
import { type DeleteMemory, type MemoryCommand, memoryDecider, type WriteMemory } from './memory.decider';

const given = specification(memoryDecider);
const ada = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const bob = 'did:key:z6MkpTHR8VNsBxYAAWHut2Geadd9jSwuBV8xRoAnwWsdvktH';
const recordId = 'r'.repeat(22);
const facts = { persona: ada, recordId, author: ada, expectedVersion: null };

const write: WriteMemory = { kind: 'WriteMemory', ...facts, key: 'notes', content: { a: 1 } };
const remove: DeleteMemory = { kind: 'DeleteMemory', ...facts };

const written = (version: number, generation: number, over: object = {}): MemoryEvent => ({
  type: MemoryWritten.type,
  data: {
    persona: ada,
    recordId,
    version,
    generation,
    author: ada,
    key: 'notes',
    content: { a: 1 },
    ...over,
  },
});
const deleted = (version: number, generation: number, over: object = {}): MemoryEvent => ({
  type: MemoryDeleted.type,
  data: { persona: ada, recordId, version, generation, author: ada, ...over },
});

describe('a memory that was never written', () => {
  it('begins with version 1', () =>
    given([])
      .when(write)
      .then([written(1, 1)]));
  it('begins when it must not exist yet', () =>
    given([])
      .when({ ...write, expectedVersion: 0 })
      .then([written(1, 1)]));
  it('is not written by somebody who knows a version of it', () =>
    given([])
      .when({ ...write, expectedVersion: 1 })
      .refuses('PRECONDITION_FAILED'));
  it('cannot be deleted', () => {
    given([]).when(remove).refuses('MEMORY_UNKNOWN');
    given([])
      .when({ ...remove, expectedVersion: 0 })
      .refuses('MEMORY_UNKNOWN');
  });
});

describe('a memory', () => {
  const history = [written(1, 1), written(2, 1)];
  it('is written again within its life', () =>
    given(history)
      .when(write)
      .then([written(3, 1)]));
  it('is written by who knows its version', () =>
    given(history)
      .when({ ...write, expectedVersion: 2 })
      .then([written(3, 1)]));
  it.each([0, 1, 3])('is not written by who expects version %i', (expectedVersion) =>
    given(history)
      .when({ ...write, expectedVersion })
      .refuses('PRECONDITION_FAILED'),
  );
  it('is deleted, which counts as a version', () =>
    given(history)
      .when(remove)
      .then([deleted(3, 1)]));
  it('is deleted by who knows its version only', () => {
    given(history)
      .when({ ...remove, expectedVersion: 2 })
      .then([deleted(3, 1)]);
    given(history)
      .when({ ...remove, expectedVersion: 1 })
      .refuses('PRECONDITION_FAILED');
  });
  it('keeps who created it, and names who wrote last', () =>
    expect(given([written(1, 1), written(2, 1, { author: bob })]).state).toMatchObject({
      creator: ada,
      author: bob,
    }));
  it('keeps neither key nor content in its state', () => {
    expect(
      JSON.stringify(given([written(1, 1, { key: 'canary-key', content: 'canary' })]).state),
    ).not.toMatch(/canary/);
  });
});

describe('a communal memory', () => {
  const communal = { persona: 'communal' };
  const history = [written(1, 1, communal), written(2, 1, { ...communal, author: bob })];
  it('is not deleted by an agent that only wrote it', () =>
    given(history)
      .when({ ...remove, ...communal, author: bob })
      .refuses('CONSENT_REQUIRED'));
  it('is deleted by the agent that created it', () =>
    given(history)
      .when({ ...remove, ...communal })
      .then([deleted(3, 1, communal)]));
});

describe('a deleted memory', () => {
  const history = [written(1, 1), deleted(2, 1)];
  it('does not exist', () => {
    given(history).when(remove).refuses('MEMORY_UNKNOWN');
    given(history)
      .when({ ...write, expectedVersion: 2 })
      .refuses('PRECONDITION_FAILED');
  });
  it('begins a new life with a new generation, after the version of its deletion', () => {
    given(history)
      .when(write)
      .then([written(3, 3)]);
    given(history)
      .when({ ...write, expectedVersion: 0 })
      .then([written(3, 3)]);
  });
  it('belongs to who created it anew', () =>
    expect(given([...history, written(3, 3, { author: bob })]).state).toMatchObject({ creator: bob }));
});

describe('any life of a memory', () => {
  /** The memory as a reader of the API would describe it. */
  interface Model {
    events: number;
    present: { version: number; generation: number } | undefined;
    generations: number[];
  }
  const step = fc.record({
    kind: fc.constantFrom('WriteMemory' as const, 'DeleteMemory' as const),
    expectation: fc.constantFrom('none', 'absent', 'current', 'other'),
  });

  const expectationOf = (expectation: string, { present, events }: Model): number | null =>
    ({ none: null, absent: 0, current: present?.version ?? 0, other: events + 1 })[expectation] ?? null;

  function expected(command: MemoryCommand, model: Model): string {
    if (command.kind === 'DeleteMemory' && !model.present) return 'MEMORY_UNKNOWN';
    const matches =
      command.expectedVersion === null || command.expectedVersion === (model.present?.version ?? 0);
    return matches ? 'accepted' : 'PRECONDITION_FAILED';
  }

  function advance(command: MemoryCommand, model: Model): void {
    const version = ++model.events;
    if (command.kind === 'DeleteMemory') model.present = undefined;
    else {
      if (!model.present) model.generations.push(version);
      model.present = { version, generation: model.generations.at(-1)! };
    }
  }

  it('agrees with a simple model: one event per accepted command, versions without gaps, a generation per life', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const model: Model = { events: 0, present: undefined, generations: [] };
        let state = memoryDecider.initialState;
        for (const { kind, expectation } of steps) {
          const base = kind === 'WriteMemory' ? write : remove;
          const command = { ...base, expectedVersion: expectationOf(expectation, model) };
          const outcome = expected(command, model);
          try {
            const events = memoryDecider.decide(command, state);
            expect(outcome).toBe('accepted');
            expect(events).toHaveLength(1);
            for (const event of events) state = memoryDecider.evolve(state, event, '');
            advance(command, model);
            expect(events[0]!.data).toMatchObject({
              version: model.events,
              generation: model.generations.at(-1),
            });
          } catch (error) {
            if (!isConcordatError(error)) throw error;
            expect(error.code).toBe(outcome);
          }
          expect(
            state?.isDeleted === false ? { version: state.version, generation: state.generation } : undefined,
          ).toEqual(model.present);
        }
        expect(new Set(model.generations).size).toBe(model.generations.length);
      }),
      { numRuns: 500 },
    );
  });
});
