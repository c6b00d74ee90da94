import { limits } from '@concordat/contracts';
import fc from 'fast-check';
import fastify from 'fastify';
import { codingFor, inCodingOf } from './compressed-answer';
import { encoders } from './content-coding';

const large = limits.compressionBytes;
const best = [...encoders.keys()][0];

describe('an answer that cannot be packed', () => {
  it('makes way for its refusal, which does not say that it is packed', async () => {
    const server = fastify();
    const fail = () => Promise.reject(new Error('no memory'));
    server.get('/', async (request, reply) => inCodingOf(request, reply, Buffer.alloc(large), fail));
    const answer = await server.inject({ url: '/', headers: { 'accept-encoding': 'gzip' } });
    expect([answer.statusCode, answer.headers['content-encoding']]).toEqual([500, undefined]);
    expect(answer.json()).toMatchObject({ message: 'no memory' });
    await server.close();
  });
});

describe('the coding of an answer', () => {
  it.each<[string | undefined, string | undefined]>([
    [undefined, undefined],
    ['', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['gzip;q=0.001', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip; q=0.000', undefined],
    ['*', best],
    ['*;q=0', undefined],
    ['*, gzip;q=0, zstd;q=0', undefined],
    ['gzip, deflate, br, zstd', best],
    ['gzip;q=0.5, identity', undefined],
    ['gzip, identity;q=0.5', 'gzip'],
    ['identity;q=0', undefined],
    ['br, deflate', undefined],
    ['identity', undefined],
    ['gzip;q=x', undefined],
    [',;=, gzip ,', 'gzip'],
  ])('that may be compressed, for a caller who takes "%s" / is %s', (header, coding) => {
    expect(codingFor(header, large)).toBe(coding);
  });

  it('that is small / is none, unless the caller takes nothing so', () => {
    expect(codingFor('gzip', large - 1)).toBeUndefined();
    expect(codingFor('gzip, identity;q=0', 0)).toBe('gzip');
    expect(codingFor('gzip, *;q=0', 0)).toBe('gzip');
    expect(codingFor('identity;q=0', 0)).toBeUndefined();
  });

  it('is one that the caller weighs most, whatever else he takes', () => {
    const weights = fc.dictionary(
      fc.constantFrom('gzip', 'zstd', 'br', 'deflate', 'identity', 'x'),
      fc.nat(1000).map((milli) => milli / 1000),
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(weights, fc.boolean(), (wanted, isSpaced) => {
        const header = Object.entries(wanted).map(([name, q]) => `${name};${isSpaced ? ' ' : ''}q=${q}`);
        const found = codingFor(header.join(isSpaced ? ' , ' : ','), large);
        const offered = [...encoders.keys()].map((name) => wanted[name] ?? 0);
        if (found === undefined) {
          const identity = wanted['identity'];
          const isForced = identity === 0 && Math.max(...offered) > 0;
          expect(isForced).toBe(false);
          if (identity !== undefined) expect(identity).toBeGreaterThanOrEqual(Math.max(...offered));
        } else {
          expect(wanted[found]).toBe(Math.max(...offered));
          expect(wanted[found]).toBeGreaterThan(0);
          expect(wanted[found]).toBeGreaterThanOrEqual(wanted['identity'] ?? 0);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('for any header at all / is found, or none', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 400 }), fc.nat(10_000), (header, bytes) => {
        const found = codingFor(header, bytes);
        expect(found === undefined || encoders.has(found)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});
