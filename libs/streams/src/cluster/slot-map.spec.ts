import { nodeAt, SlotMap, slotOf } from './slot-map';

describe('the slot of a key', () => {
  it('is that of what stands in its first braces, as the cluster specification says', () => {
    expect(slotOf('123456789')).toBe(0x31c3);
    expect(slotOf('cc:{bus.1}:events')).toBe(slotOf('bus.1'));
    expect(slotOf(Buffer.from('foo{{bar}}zap'))).toBe(slotOf('{bar'));
    expect(slotOf('foo{}{bar}')).not.toBe(slotOf('bar'));
  });
});

describe('a map of slots', () => {
  const asked = { host: '10.0.0.9', port: 7000 };

  it('tells who serves a slot, and learns', () => {
    const map = new SlotMap();
    expect([map.isKnown, map.owner(1)]).toEqual([false, undefined]);
    const replica = ['10.0.0.4', 7000, 'id'];
    map.replace(
      [
        [0, 99, ['10.0.0.1', 7000, 'id'], replica],
        [100, 200, ['', 7000, 'id']],
        [16_383, 16_383, ['::1', 7001]],
      ],
      asked,
    );
    expect([0, 99, 100, 201, 16_383].map((slot) => map.owner(slot))).toEqual([
      ...['10.0.0.1:7000', '10.0.0.1:7000', '10.0.0.9:7000', undefined, '::1:7001'],
    ]);
    map.moved(99, '10.0.0.2:7000');
    expect([...map.nodes()].sort()).toEqual(['10.0.0.1:7000', '10.0.0.2:7000', '10.0.0.9:7000', '::1:7001']);
    expect(nodeAt('::1:7001')).toEqual({ host: '::1', port: 7001 });
  });

  it.each([
    ['nothing', null],
    ['no slots', []],
    ['a slot that is none', [[0, 16_384, ['a', 1]]]],
    ['a range without a node', [[0, 1]]],
    ['a port that is none', [[0, 1, ['a', '1']]]],
    ['more nodes than a cluster has', Array.from({ length: 257 }, (_, i) => [i, i, ['a', i + 1]])],
  ])('does not believe %s, and keeps what it knew', (_, reply) => {
    const map = new SlotMap();
    map.replace([[0, 16_383, ['a', 1]]], asked);
    expect(() => map.replace(reply, asked)).toThrow();
    expect(map.owner(0)).toBe('a:1');
  });
});
