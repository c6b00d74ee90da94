import {
  DelegationCreated,
  type DelegationEvent,
  DelegationRevoked,
  isDelegated,
  limits,
  operationList,
  type Right,
  type Scope,
} from '@concordat/contracts';
import { specification } from '@concordat/eventsourcing';
import fc from 'fast-check';
import { type CreateDelegation, delegationDecider } from './delegation.decider';

const given = specification(delegationDecider);
const did = (letter: string): string => `did:key:z6Mk${letter.repeat(44)}`;
const [a, b, c] = [did('a'), did('b'), did('c')] as const;
const forever = '9999-12-31T23:59:59.999Z';
const held: Right = { scopes: ['read', 'write'], operations: null, expiresAt: forever };
const wanted: Right = { scopes: ['read'], operations: ['memory.*'], expiresAt: '2026-01-02T00:00:00.000Z' };
const create: CreateDelegation = {
  ...{ kind: 'CreateDelegation', id: 'd1', holders: [a], to: b, parent: null, held, wanted },
};
const created = {
  type: DelegationCreated.type,
  data: { id: 'd1', owner: a, from: a, to: b, parent: null, ...wanted },
} as unknown as DelegationEvent;
const revoke = { kind: 'RevokeDelegation', id: 'd1' } as const;
const revoked: DelegationEvent = { type: DelegationRevoked.type, data: { id: 'd1', owner: a } };

describe('a right', () => {
  it('is handed on in part', () => given([]).when(create).then([created]));
  it('is handed on by its receiver, who is named beside its owner', () =>
    given([])
      .when({ ...create, id: 'd2', holders: [a, b], to: c, parent: 'd1', held: wanted })
      .then([
        {
          type: DelegationCreated.type,
          data: { id: 'd2', owner: a, from: b, to: c, parent: 'd1', ...wanted },
        } as never,
      ]));
  it.each<[string, Partial<Right>]>([
    ['with a scope that he lacks', { scopes: ['read', 'workflows'] }],
    ['with a scope that stays where it is', { scopes: ['admin'] }],
    ['with an operation more', { operations: ['memory.*', 'message.send'] }],
    ['with a noun for a verb', { operations: ['memory.*', 'audit.*'] }],
    ['with all operations', { operations: null }],
    ['for longer', { expiresAt: '2026-01-02T00:00:00.001Z' }],
  ])('is not handed on %s', (_, over) =>
    given([])
      .when({ ...create, held: { ...wanted, scopes: ['read', 'admin'] }, wanted: { ...wanted, ...over } })
      .refuses('DELEGATION_TOO_WIDE'),
  );
  it('is not handed to somebody who has it: neither oneself, nor the owner, nor anybody between', () => {
    for (const to of [a, b, c])
      given([])
        .when({ ...create, holders: [a, b, c], to })
        .refuses('DELEGATION_FORBIDDEN');
  });
  it('is not handed on more often than it may be', () => {
    const holders = Array.from({ length: limits.delegationDepth + 1 }, (_, i) => did(String(i + 1)));
    given([])
      .when({ ...create, holders })
      .refuses('DELEGATION_TOO_WIDE');
    given([]).when({ ...create, holders: holders.slice(1) }).then([{ ...created, data: { ...created.data, owner: did('2'), from: holders.at(-1) } } as never]); // prettier-ignore
  });
});

describe('a delegation', () => {
  it('is not made twice', () => given([created]).when(create).refuses('VERSION_CONFLICT'));
  it('is taken back', () => given([created]).when(revoke).then([revoked]));
  it('that was taken back stays so, without a further event', () =>
    given([created, revoked]).when(revoke).then([]));
  it('that never was cannot be taken back', () => given([]).when(revoke).refuses('DELEGATION_UNKNOWN'));
});

describe('a chain of delegations', () => {
  const names = operationList.map(({ name }) => name as string);
  const step = fc.record({
    scopes: fc.oneof(
      fc.constant<Scope[]>(['read']),
      fc.uniqueArray(fc.constantFrom<Scope>('read', 'write', 'admin', 'governance', 'workflows'), {
        minLength: 1,
      }),
    ),
    operations: fc.oneof(
      fc.constant(['memory.get']),
      fc.option(
        fc.array(fc.constantFrom('memory.*', 'memory.get', 'message.*', 'message.send', 'audit.*', 'apiKey.*'), { minLength: 1, maxLength: 3 }), // prettier-ignore
      ),
    ),
    second: fc.oneof(fc.constant(0), fc.nat({ max: 9 })),
    to: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  });

  it('never grows: whatever is asked for, the last link allows nothing that any link before, or the owner, does not', () => {
    let deepest = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
        const links: Right[] = [held];
        const holders = [a];
        for (const { scopes, operations, second, to } of steps) {
          const right = { scopes, operations, expiresAt: `2026-01-01T00:00:0${second}.000Z` };
          const command = {
            ...create,
            holders: [...holders],
            to: did(to),
            held: links.at(-1)!,
            wanted: right,
          };
          try {
            const [event] = delegationDecider.decide(command, undefined);
            links.push((event as Extract<DelegationEvent, { type: typeof DelegationCreated.type }>).data);
            holders.push(did(to));
          } catch (error) {
            expect(['DELEGATION_TOO_WIDE', 'DELEGATION_FORBIDDEN']).toContain(
              (error as { code: string }).code,
            );
          }
        }
        deepest = Math.max(deepest, links.length - 1);
        const last = links.at(-1)!;
        expect(new Set(holders).size).toBe(holders.length);
        expect(links.length - 1).toBeLessThanOrEqual(limits.delegationDepth);
        for (const link of links) {
          expect(last.scopes.filter((scope) => !link.scopes.includes(scope))).toEqual([]);
          expect(last.expiresAt <= link.expiresAt).toBe(true);
          for (const name of names)
            if (isDelegated([last], name)) expect(isDelegated([link], name)).toBe(true);
        }
      }),
      { numRuns: 3_000 },
    );
    expect(deepest).toBeGreaterThan(2);
  });
});
