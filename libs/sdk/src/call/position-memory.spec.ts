import { highestOf, minPositionHeader, PositionMemory } from './position-memory';

const at = (epoch: number, position: number) => ({ epoch, position });

describe('the memory of positions', () => {
  it('keeps the highest of every source', () => {
    const memory = new PositionMemory();
    memory.see({ iam: at(1, 5), vault: at(1, 1) });
    memory.see({ iam: at(1, 3) });
    memory.see({ vault: at(2, 0) });
    expect(memory.positions).toEqual({ iam: at(1, 5), vault: at(2, 0) });
    expect(minPositionHeader(memory.positions)).toBe('iam:1-5,vault:2-0');
  });

  it('asks for nothing before it has seen anything', () => {
    expect(minPositionHeader(new PositionMemory().positions)).toBeUndefined();
  });

  it('forgets the source that was seen longest ago when there are too many', () => {
    const memory = new PositionMemory();
    memory.see({ iam: at(1, 1) });
    for (let i = 0; i < 16; i++) memory.see({ [`bus.${i}`]: at(1, i) });
    expect(Object.keys(memory.positions)).toHaveLength(16);
    expect(memory.positions['iam']).toBeUndefined();
    memory.see({ 'bus.0': at(0, 0) });
    memory.see({ iam: at(1, 2) });
    expect(memory.positions).toMatchObject({ 'bus.0': at(1, 0), iam: at(1, 2) });
  });

  it('merges by the higher position', () => {
    expect(highestOf({ iam: at(1, 1) }, { iam: at(1, 9), 'bus.0': at(3, 3) }, { iam: at(1, 2) })).toEqual({
      iam: at(1, 9),
      'bus.0': at(3, 3),
    });
  });
});
