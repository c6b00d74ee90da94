import type { AuditLabel } from '@concordat/contracts';
import { labelsOf } from './labels';

const at = (pointer: string, name = 'label'): AuditLabel => ({ messageType: 'COMMAND', name, pointer });
const read = (pointer: string, payload: unknown) => labelsOf([at(pointer)], 'COMMAND', payload)?.['label'];

describe('labels of a payload', () => {
  it('are the scalars at the declared places', () => {
    const payload = { order: { id: 'o-1', lines: [{ count: 2 }] }, isUrgent: false };
    const declared = [
      at('/order/id', 'order'),
      at('/order/lines/0/count', 'count'),
      at('/isUrgent', 'urgent'),
    ];
    expect(labelsOf(declared, 'COMMAND', payload)).toEqual({ order: 'o-1', count: 2, urgent: false });
  });

  it('are none of a message of another type', () => {
    expect(labelsOf([at('/id')], 'QUERY', { id: 1 })).toBeUndefined();
  });

  it('are read as RFC 6901 escapes them', () => {
    expect(read('/a~1b', { 'a/b': 1 })).toBe(1);
    expect(read('/m~0n', { 'm~n': 2 })).toBe(2);
    expect(read('/~01', { '~1': 3 })).toBe(3);
    expect(read('/', { '': 4 })).toBe(4);
  });

  it.each([
    ['an object', { x: { y: 1 } }],
    ['an array', { x: [1] }],
    ['null', { x: null }],
    ['absent', {}],
    ['a long text', { x: 'x'.repeat(129) }],
    ['a text with NUL', { x: 'a\0b' }],
    ['a text with half a character', { x: '\ud800' }],
    ['in what is no object', 'text'],
    ['in nothing', null],
  ])('are none where the value is %s', (_, payload) => {
    expect(read('/x', payload)).toBeUndefined();
  });

  it('are none of what every object inherits', () => {
    for (const pointer of ['/constructor/name', '/__proto__', '/toString', '/length'])
      expect(read(pointer, {})).toBeUndefined();
  });
});
