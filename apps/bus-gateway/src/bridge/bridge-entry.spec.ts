import { operations } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import fc from 'fast-check';
import { fieldsOf, toMessage } from './bridge-entry';

const [me, other] = [newAgent().did, newAgent().did];
const message = (...flat: string[]): unknown => toMessage(fieldsOf(flat), me);
const well = ['target', other, 'type', 'EVENT', 'payload', '{"n":1}'];

describe('an entry of an agent that speaks Redis Streams', () => {
  it('becomes what message.send takes', () => {
    const more = [
      'sender',
      me,
      'status',
      'pending',
      'timestamp',
      'x',
      'correlation_id',
      'c',
      'ttl_seconds',
      '60',
    ];
    const expected = { to: other, type: 'EVENT', payload: { n: 1 }, correlationId: 'c', ttlSeconds: 60 };
    expect(message(...well, ...more)).toEqual(expected);
    expect(operations['message.send'].input.safeParse(expected).success).toBe(true);
  });

  it.each([
    ['of somebody else', ['sender', other], 'BRIDGE_SENDER_FORGED'],
    ['with an empty sender', ['sender', ''], 'BRIDGE_SENDER_FORGED'],
    ['with a field twice', ['type', 'QUERY'], 'INPUT_INVALID'],
    ['with a field that is none', ['__proto__', '{}'], 'INPUT_INVALID'],
    ['with a number that is none', ['ttl_seconds', '6e1'], 'INPUT_INVALID'],
  ])('%s is refused', (_, more, code) => {
    expect(() => message(...well, ...more)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('without a payload, or with one that is no JSON, is refused', () => {
    const refusal = (code: string) => expect.objectContaining({ code }) as Error;
    expect(() => message('target', other)).toThrow(refusal('INPUT_INVALID'));
    expect(() => message('payload', '{"a":1,"a":2}')).toThrow(refusal('JSON_DUPLICATE_KEY'));
  });

  it('whatever it is / is a message or a refusal from the catalogue, and is never of another sender', () => {
    const name = fc.oneof(
      fc.constantFrom(...['target', 'type', 'payload', 'sender', 'ttl_seconds']),
      fc.string(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.oneof(fc.string(), fc.json()))), (pairs) => {
        try {
          expect(message(...pairs.flat())).not.toHaveProperty('from');
        } catch (error) {
          expect(error).toHaveProperty('code', expect.stringMatching(/^(INPUT|JSON|BRIDGE)_/));
        }
      }),
    );
  });
});
