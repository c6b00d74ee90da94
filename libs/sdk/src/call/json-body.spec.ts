import { runInNewContext } from 'node:vm';
import { jsonBody } from './json-body';

const body = (payload: unknown): string => jsonBody('message.send', { to: 'ada', payload });
const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);
const circular: Record<string, unknown> = { a: 1 };
circular['self'] = { again: [circular, circular] };

describe('the body of a request', () => {
  it.each<[string, unknown]>([
    ['text', 'ключ\n'],
    ['numbers', [0, -1.5, 1e300]],
    ['nothing', null],
    ['what is left out', { a: undefined, b: [{ c: undefined }] }],
    ['a date', new Date(0)],
    [
      'an object of a class',
      new (class Point {
        x = 1;
      })(),
    ],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['an object of another realm', runInNewContext('({ a: [1, { b: 2 }] })')],
    ['what says itself how', { toJSON: () => [1] }],
    ['a lot of levels', nested(31)],
  ])('is what JSON.stringify says: %s', (_what, payload) => {
    expect(body(payload)).toBe(JSON.stringify({ to: 'ada', payload }));
  });

  it.each<[string, unknown, string]>([
    ['bigint', { n: [7n] }, '/payload/n/0'],
    ['NaN', NaN, '/payload'],
    ['Infinity', { 'a/b~c': -Infinity }, '/payload/a~1b~0c'],
    ['Map', new Map([[1, 2]]), '/payload'],
    ['Set', { tags: new Set(['x']) }, '/payload/tags'],
    ['Uint8Array', Uint8Array.of(1), '/payload'],
    ['Promise', Promise.resolve(1), '/payload'],
    ['Error', [new Error('x')], '/payload/0'],
    ['function', { f: () => 1 }, '/payload/f'],
    ['symbol', Symbol('x'), '/payload'],
    ['undefined', [1, undefined], '/payload/1'],
    ['undefined', new Array(1), '/payload/0'],
    ['would become null', { at: new Date(NaN) }, '/payload/at'],
    ['deeper than 32 levels', nested(32), `/payload${'/0'.repeat(31)}`],
    ['must not hold itself', circular, '/payload/self/again/0'],
  ])('never has another meaning than what was given: %s', (why, payload, place) => {
    let problem: unknown;
    try {
      body(payload);
    } catch (error) {
      problem = error;
    }
    expect(problem).toMatchObject({
      ...{ name: 'ConcordatProblem', code: 'INPUT_INVALID' },
      detail: expect.stringContaining(`message.send is not valid at ${place}`) as unknown,
      errors: [{ message: expect.stringContaining(why) as unknown }],
    });
  });
});
