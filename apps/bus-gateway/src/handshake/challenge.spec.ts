import { type Challenge, ConcordatError, limits, operations } from '@concordat/contracts';
import * as crypto from '@concordat/crypto';
import fc from 'fast-check';
import { challengeId, openChallengeId } from './challenge';

jest.mock('@concordat/crypto', () => {
  const actual = jest.requireActual<typeof crypto>('@concordat/crypto');
  return { ...actual, equalConstantTime: jest.fn(actual.equalConstantTime) };
});
const equalConstantTime = jest.mocked(crypto.equalConstantTime);

const audience = 'concordat';
const base58 = [...'123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'];
const base64url = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

const of = (unit: readonly string[], length: number) =>
  fc.string({ unit: fc.constantFrom(...unit), minLength: length, maxLength: length });
const keys = fc.uint8Array({ minLength: 32, maxLength: 32 });
const dids = of(base58, 44).map((rest) => `did:key:z6Mk${rest}`);
const challenges: fc.Arbitrary<Challenge> = fc.record({
  audience: fc.constantFrom(audience, 'other', 'a.b'),
  tenant: fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/),
  did: dids,
  nonce: of(base64url, 22),
  expiresAt: fc
    .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
    .map((time) => time.toISOString()),
});

const codeOf = (act: () => unknown): string => {
  try {
    act();
    return 'ok';
  } catch (error) {
    return error instanceof ConcordatError ? error.code : String(error);
  }
};
const check = (given: fc.Arbitrary<unknown>[], then: (...values: never[]) => void): void =>
  fc.assert(
    fc.property(fc.tuple(...given), (values) => then(...(values as never[]))),
    { numRuns: 300 },
  );

describe('the id of a challenge', () => {
  it('opens to its facts, at whoever has the key and is the audience', () => {
    check([keys, challenges], (key: Uint8Array, challenge: Challenge) => {
      const { audience: whom, ...facts } = challenge;
      expect(openChallengeId(key, challengeId(key, challenge), whom)).toEqual(facts);
    });
  });

  it('is short enough to be sent back, and nothing in a URL or in JSON has to be escaped', () => {
    check([keys, challenges], (key: Uint8Array, challenge: Challenge) => {
      const id = challengeId(key, { ...challenge, tenant: 'a'.repeat(63) });
      expect(id).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}$/);
      expect(operations['auth.token'].input.shape.challengeId.safeParse(id).success).toBe(true);
    });
  });

  it('with any character changed / is refused', () => {
    const others = fc.oneof(
      fc.constantFrom(...base64url, '.', '=', '+', '/', ' '),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    );
    check(
      [keys, challenges, fc.nat(), others],
      (key: Uint8Array, challenge: Challenge, at: number, other: string) => {
        const id = challengeId(key, challenge);
        const index = at % id.length;
        fc.pre(id[index] !== other);
        const changed = id.slice(0, index) + other + id.slice(index + 1);
        expect(codeOf(() => openChallengeId(key, changed, challenge.audience))).toBe('CHALLENGE_INVALID');
      },
    );
  });

  it('with any bit of its mac changed / is refused', () => {
    const challenge = {
      audience,
      tenant: 'default',
      did: `did:key:z6Mk${'1'.repeat(44)}`,
      nonce: 'A'.repeat(22),
      expiresAt: new Date(0).toISOString(),
    };
    const key = new Uint8Array(32);
    const [body, tag] = challengeId(key, challenge).split('.') as [string, string];
    for (let bit = 0; bit < 256; bit++) {
      const mac = crypto.fromBase64url(tag)!;
      mac[bit >> 3]! ^= 1 << (bit & 7);
      const id = `${body}.${crypto.toBase64url(mac)}`;
      expect([bit, codeOf(() => openChallengeId(key, id, audience))]).toEqual([bit, 'CHALLENGE_INVALID']);
    }
  });

  it('cut off, or with something before or behind it / is refused', () => {
    const extras = fc.constantFrom('', '.', 'A', '=', '\n', ' ', '.A', 'AAAA');
    check(
      [keys, challenges, fc.nat(), extras, extras],
      (key: Uint8Array, challenge: Challenge, at: number, before: string, after: string) => {
        const id = challengeId(key, challenge);
        const cut = id.slice(0, at % id.length);
        const ids = [
          cut,
          id.slice(id.length - cut.length),
          ...(before + after === '' ? [] : [before + id + after]),
        ];
        for (const changed of ids)
          expect(codeOf(() => openChallengeId(key, changed, challenge.audience))).toBe('CHALLENGE_INVALID');
      },
    );
  });

  it('of another key, or for another audience / is refused', () => {
    check([keys, keys, challenges], (key: Uint8Array, other: Uint8Array, challenge: Challenge) => {
      fc.pre(!Buffer.from(key).equals(other));
      const id = challengeId(key, challenge);
      expect(codeOf(() => openChallengeId(other, id, challenge.audience))).toBe('CHALLENGE_INVALID');
      for (const whom of ['', `${challenge.audience} `, challenge.audience.toUpperCase()])
        expect(codeOf(() => openChallengeId(key, id, whom))).toBe('CHALLENGE_INVALID');
    });
  });

  it('with the facts of one and the mac of another / is refused', () => {
    check([keys, challenges, challenges], (key: Uint8Array, one: Challenge, other: Challenge) => {
      const [body] = challengeId(key, { ...one, audience }).split('.');
      const [otherBody, tag] = challengeId(key, { ...other, audience }).split('.');
      fc.pre(body !== otherBody);
      expect(codeOf(() => openChallengeId(key, `${body}.${tag}`, audience))).toBe('CHALLENGE_INVALID');
    });
  });

  it('with another DID, tenant, nonce or time written into it / is refused', () => {
    const other = {
      did: `did:key:z6Mk${'2'.repeat(44)}`,
      tenant: 'zz',
      nonce: '_'.repeat(22),
      expiresAt: '2999-01-01T00:00:00.000Z',
    };
    check([keys, challenges], (key: Uint8Array, challenge: Challenge) => {
      const [body, tag] = challengeId(key, challenge).split('.') as [string, string];
      const facts = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, string>;
      for (const change of Object.entries(other)) {
        if (facts[change[0]] === change[1]) continue;
        const forged = Buffer.from(JSON.stringify({ ...facts, ...Object.fromEntries([change]) })).toString(
          'base64url',
        );
        expect(codeOf(() => openChallengeId(key, `${forged}.${tag}`, challenge.audience))).toBe(
          'CHALLENGE_INVALID',
        );
      }
    });
  });

  it('that is anything else / is refused, and nothing worse', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.array(of(base64url, 8), { maxLength: 4 }).map((parts) => parts.join('.')),
    );
    check([keys, anything], (key: Uint8Array, id: string) => {
      expect(codeOf(() => openChallengeId(key, id, audience))).toBe('CHALLENGE_INVALID');
    });
  });

  it('is compared in constant time, and by nothing else', () => {
    check([keys, keys, challenges], (key: Uint8Array, other: Uint8Array, challenge: Challenge) => {
      const id = challengeId(other, challenge);
      equalConstantTime.mockClear().mockReturnValueOnce(true);
      expect(openChallengeId(key, id, challenge.audience).did).toBe(challenge.did);
      const [[claimed, computed]] = equalConstantTime.mock.calls as [[Uint8Array, Uint8Array]];
      expect(equalConstantTime).toHaveBeenCalledTimes(1);
      expect([claimed.byteLength, computed.byteLength]).toEqual([32, 32]);
      equalConstantTime.mockReturnValueOnce(false);
      expect(codeOf(() => openChallengeId(other, id, challenge.audience))).toBe('CHALLENGE_INVALID');
    });
  });
});

describe('facts that would make the text to sign another', () => {
  it.each([
    ['a DID of another kind', { did: 'did:web:example.org' }],
    ['a DID with a newline', { did: `did:key:z6Mk${'1'.repeat(44)}\n` }],
    ['a tenant with a newline', { tenant: 'a\ntenant: b' }],
    ['a nonce too short', { nonce: 'A'.repeat(21) }],
    ['a time that is none', { expiresAt: 'soon' }],
  ])('%s / get no id', (_name, change) => {
    const challenge = {
      audience,
      tenant: 'default',
      did: `did:key:z6Mk${'1'.repeat(44)}`,
      nonce: 'A'.repeat(22),
      expiresAt: new Date(limits.challengeSeconds).toISOString(),
    };
    expect(() => challengeId(new Uint8Array(32), { ...challenge, ...change })).toThrow();
  });
});
