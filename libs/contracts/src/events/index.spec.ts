import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseStrictJson } from '../json/strict-json';
import { services } from '../names';
import { eventList, findEvent } from './index';
import { memoryKeyPath } from './vault';

/** One file per event type, written when the type was; events like it lie in stores and must be readable for ever. */
const folder = join(__dirname, '..', 'fixtures', 'events');
const fixtureTypes = readdirSync(folder).map((file) => file.replace(/\.json$/, ''));
const fixtureOf = (type: string): Record<string, unknown> =>
  parseStrictJson(readFileSync(join(folder, `${type}.json`))) as Record<string, unknown>;

/** Past tense; irregular verbs are added here by hand. */
const typePattern = new RegExp(
  `^concordat\\.(${services.join('|')})\\.[a-z]+(-[a-z]+)*\\.([a-z]+ed|written|withdrawn|read|sent)\\.v[1-9]\\d*$`,
);

describe('the list of event types', () => {
  it('holds each type once', () => {
    const types = eventList.map(({ type }) => type);
    expect(new Set(types).size).toBe(types.length);
    expect(types.length).toBeGreaterThan(20);
    expect(types).toContain('concordat.iam.agent.registered.v1');
  });

  it('has a fixture for every type, and a type for every fixture', () => {
    expect(eventList.map(({ type }) => type as string).sort()).toEqual([...fixtureTypes].sort());
  });

  it('finds types by name', () => {
    for (const spec of eventList) expect(findEvent(spec.type)).toBe(spec);
    for (const type of ['', 'concordat.iam.agent.flown.v1', 'toString', '__proto__'])
      expect(findEvent(type)).toBeUndefined();
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(eventList)).toBe(true);
    expect(eventList.every((spec) => Object.isFrozen(spec))).toBe(true);
  });
});

describe.each(eventList)('the event type $type', (spec) => {
  const fixture = fixtureOf(spec.type);
  const fields = Object.keys(spec.data.shape);

  it('is named after its service, a noun and a verb in the past tense', () => {
    expect(spec.type).toMatch(typePattern);
    expect(spec.summary).toMatch(/^[A-Z].*\.$/);
  });

  it('reads its fixture, and loses nothing of it', () => {
    expect(spec.data.parse(fixture)).toEqual(fixture);
  });

  it('refuses its fixture with an unknown field, or without one of its own', () => {
    expect(spec.data.safeParse({ ...fixture, zzUnknown: 1 }).success).toBe(false);
    for (const field of fields) {
      const rest = Object.entries(fixture).filter(([name]) => name !== field);
      expect(spec.data.safeParse(Object.fromEntries(rest)).success).toBe(false);
    }
  });

  it('is about somebody', () => {
    expect(spec.subject(fixture)).toMatch(/^\S+$/);
    expect(
      Object.values(fixture)
        .flatMap((value) => JSON.stringify(value))
        .join(),
    ).toContain(spec.subject(fixture).replace(/^[a-zA-Z]+:(?!key:|web:)/, ''));
  });

  it('seals and keeps only fields that it has, and can do without them once their key is destroyed', () => {
    const sealed = spec.sealed?.fields ?? [];
    expect([...sealed, ...(spec.local ?? [])].filter((field) => !fields.includes(field))).toEqual([]);
    const erased = { ...fixture, ...Object.fromEntries(sealed.map((field) => [field, null])) };
    expect(spec.data.parse(erased)).toEqual(erased);
  });
});

describe.each(eventList.filter(({ sealed }) => sealed))(
  'the key of the personal fields of $type',
  ({ type, sealed }) => {
    it('is found without them', () => {
      const fixture = fixtureOf(type);
      const open = Object.fromEntries(
        Object.entries(fixture).filter(([field]) => !sealed!.fields.includes(field)),
      );
      const path = sealed!.keyPath(open);
      expect(path).toEqual(sealed!.keyPath(fixture));
      expect(path.length).toBeGreaterThan(0);
      for (const part of path) expect(part).toMatch(/^[a-z]+\/(?!undefined)\S+$/);
    });
  },
);

describe('what is sealed, kept and hurried', () => {
  const typesWith = (has: (spec: (typeof eventList)[number]) => unknown): string[] =>
    eventList
      .filter(has)
      .map(({ type }) => type)
      .sort();

  it('are the personal fields of agents and users, the hashes of passwords, and the memories', () => {
    expect(
      Object.fromEntries(eventList.flatMap(({ type, sealed }) => (sealed ? [[type, sealed.fields]] : []))),
    ).toEqual({
      'concordat.iam.agent.registered.v1': ['name', 'metadata'],
      'concordat.iam.agent.updated.v1': ['name', 'metadata'],
      'concordat.iam.agent-verification.granted.v1': ['statement'],
      'concordat.iam.agent-verification.withdrawn.v1': ['statement'],
      'concordat.iam.user-password.changed.v1': ['passwordHash'],
      'concordat.iam.user.changed.v1': ['email', 'name'],
      'concordat.iam.user.created.v1': ['email', 'name'],
      'concordat.vault.memory.written.v1': ['key', 'content'],
    });
    expect(typesWith(({ local }) => local)).toEqual(['concordat.vault.memory.written.v1']);
  });

  it('are the events that take something away, or may, and the one whose token must not come before it', () => {
    expect(typesWith(({ control }) => control)).toEqual([
      'concordat.iam.agent-key.rotated.v1',
      'concordat.iam.agent-verification.withdrawn.v1',
      'concordat.iam.agent.erased.v1',
      'concordat.iam.agent.reassigned.v1',
      'concordat.iam.agent.revoked.v1',
      'concordat.iam.agent.suspended.v1',
      'concordat.iam.api-key.revoked.v1',
      'concordat.iam.api-key.rotated.v1',
      'concordat.iam.delegation.revoked.v1',
      'concordat.iam.policy.published.v1',
      'concordat.iam.policy.removed.v1',
      'concordat.iam.session.ended.v1',
      'concordat.iam.signing-key.activated.v1',
      'concordat.iam.signing-key.retired.v1',
      'concordat.iam.token.revoked.v1',
      'concordat.iam.user-password.changed.v1',
      'concordat.iam.user-roles.changed.v1',
      'concordat.iam.user.disabled.v1',
      'concordat.iam.user.erased.v1',
    ]);
  });

  it('is under a new key in every generation of a memory', () => {
    expect(memoryKeyPath('communal', 'r', 1)).toEqual(['persona/communal', 'memory/r/1']);
    expect(memoryKeyPath('communal', 'r', 2)).not.toEqual(memoryKeyPath('communal', 'r', 1));
  });
});
