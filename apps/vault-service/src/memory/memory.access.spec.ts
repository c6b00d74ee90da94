import type { ConsentTerms } from '../consent/consent.access';
import { mayDelete, mayReach, type MemoryOperation } from './memory.access';

const nowMs = Date.parse('2026-01-01T00:00:00.000Z');
const later = '2026-01-01T00:00:00.001Z';
const now = '2026-01-01T00:00:00.000Z';

const consents: Record<string, ConsentTerms | undefined> = {
  'no consent': undefined,
  'consent to read': { scopes: ['read'], expiresAt: null },
  'consent to write': { scopes: ['write'], expiresAt: null },
  'consent to both': { scopes: ['read', 'write'], expiresAt: null },
  'consent to both for a while': { scopes: ['read', 'write'], expiresAt: later },
  'consent to both that expires now': { scopes: ['read', 'write'], expiresAt: now },
  'consent to nothing': { scopes: [], expiresAt: null },
};

/** What the agent may do with memories of another persona. */
const reach: Record<string, readonly MemoryOperation[]> = {
  'no consent': [],
  'consent to read': ['memory.get'],
  'consent to write': ['memory.put', 'memory.delete'],
  'consent to both': ['memory.get', 'memory.put', 'memory.delete'],
  'consent to both for a while': ['memory.get', 'memory.put', 'memory.delete'],
  'consent to both that expires now': [],
  'consent to nothing': [],
};

const operations: readonly MemoryOperation[] = ['memory.get', 'memory.put', 'memory.delete'];
const cases = Object.keys(consents).flatMap((name) =>
  operations.map((operation) => [name, operation] as const),
);

describe.each(cases)('an agent with %s', (name, operation) => {
  const may = (persona: string) =>
    mayReach({ agent: 'ada', persona, operation, consent: consents[name], nowMs });
  const expected = reach[name]!.includes(operation);

  it(`reaches its own memories with ${operation}`, () => expect(may('ada')).toBe(true));
  it(`reaches communal memories with ${operation}`, () => expect(may('communal')).toBe(true));
  it(`${expected ? 'reaches' : 'does not reach'} those of another with ${operation}`, () =>
    expect(may('bob')).toBe(expected));
});

describe('a memory within reach', () => {
  it('of a persona is deleted by whoever may write it', () => {
    expect(mayDelete('ada', 'ada', 'ada')).toBe(true);
    expect(mayDelete('bob', 'ada', 'ada')).toBe(true);
  });
  it('of the commune is deleted by its creator only', () => {
    expect(mayDelete('ada', 'communal', 'ada')).toBe(true);
    expect(mayDelete('bob', 'communal', 'ada')).toBe(false);
  });
});
