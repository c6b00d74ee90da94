import fc from 'fast-check';
import { isDelegated, isWithin, operationPattern, type Right } from './delegation';
import type { Scope } from './names';
import { operationList } from './operations';

const scopes: readonly Scope[] = ['read', 'write', 'admin', 'governance', 'workflows'];
const names = operationList.map(({ name }) => name as string);
const pattern = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom(...names).map((name) => `${name.split('.')[0]}.*`),
  fc.constantFrom('nothing.atAll', 'mem.*', 'message.sendAll'),
);
const right: fc.Arbitrary<Right> = fc.record({
  scopes: fc.uniqueArray(fc.constantFrom(...scopes)),
  operations: fc.option(fc.array(pattern, { maxLength: 4 })),
  expiresAt: fc.nat({ max: 9 }).map((second) => `2026-01-01T00:00:0${second}.000Z`),
});

describe('a right', () => {
  it('that lies within another allows nothing that the other does not', () => {
    let compared = 0;
    fc.assert(
      fc.property(right, right, (inner, outer) => {
        if (!isWithin(inner, outer)) return;
        compared++;
        for (const name of names)
          if (isDelegated([inner], name)) expect(isDelegated([outer], name)).toBe(true);
        expect(inner.scopes.filter((scope) => !outer.scopes.includes(scope))).toEqual([]);
        expect(inner.expiresAt <= outer.expiresAt).toBe(true);
      }),
      { numRuns: 5_000 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('lies within itself, and so does one within another within a third', () => {
    fc.assert(fc.property(right, (one) => isWithin(one, one)));
    fc.assert(
      fc.property(right, right, right, (a, b, c) => {
        if (isWithin(a, b) && isWithin(b, c)) expect(isWithin(a, c)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('through a chain is never more than through any of its links', () => {
    fc.assert(
      fc.property(
        fc.array(right, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(...names),
        (chain, name) => {
          if (isDelegated(chain, name))
            for (const link of chain) expect(isDelegated([link], name)).toBe(true);
        },
      ),
    );
  });

  it('never holds what would outlive the delegation', () => {
    const all = names.filter((name) => isDelegated([{ operations: null }], name));
    expect(all).toEqual(expect.arrayContaining(['message.send', 'memory.get', 'delegation.create']));
    const own = /^(apiKey|user|signingKey|policy|session|directory|handshake)\.|^agent\.(?!get|list)|^consent\.(?!get)|^auth\.(?!whoami|revoke)|^delegation\.revoke/; // prettier-ignore
    expect(all.filter((name) => own.test(name))).toEqual([]);
    for (const name of ['apiKey.create', 'agent.register', 'auth.exchange', 'signingKey.rotate'])
      expect(isDelegated([{ operations: ['*', '*.*', name, `${name.split('.')[0]}.*`] }], name)).toBe(false);
  });

  it('is written as an operation or all of a noun, and in no other way', () => {
    for (const text of ['message.send', 'memory.*', 'audit.inclusionProof'])
      expect(operationPattern.safeParse(text).success).toBe(true);
    for (const text of [
      '*',
      '*.*',
      'm',
      '.send',
      'message.',
      'message.s*',
      'message.*.*',
      'Message.*',
      'a.b\n',
      '',
    ])
      expect(operationPattern.safeParse(text).success).toBe(false);
  });
});
