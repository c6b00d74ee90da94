import fc from 'fast-check';
import { encodeEntryBundle, formatTileIndex, parseTileIndex, tileWidth } from './tlog-tile';

describe('the index of a tile', () => {
  it.each([
    [1234067, 256, 'x001/x234/067'],
    [0, 256, '000'],
    [999, 256, '999'],
    [1000, 256, 'x001/000'],
    [273, 112, '273.p/112'],
    [1, 17, '001.p/17'],
    [1234067, 1, 'x001/x234/067.p/1'],
    [Number.MAX_SAFE_INTEGER, 255, 'x009/x007/x199/x254/x740/991.p/255'],
  ])('%d of width %d is written %s, as in C2SP tlog-tiles', (index, width, path) => {
    expect(formatTileIndex(index, width)).toBe(path);
    expect(parseTileIndex(path)).toEqual({ index, width });
  });

  it('comes back from its path', () => {
    const indexes = fc.oneof(fc.nat(2_000_000), fc.nat(Number.MAX_SAFE_INTEGER));
    fc.assert(
      fc.property(indexes, fc.integer({ min: 1, max: tileWidth }), (index, width) => {
        expect(parseTileIndex(formatTileIndex(index, width))).toEqual({ index, width });
      }),
      { numRuns: 500 },
    );
  });

  it('has one path only: whatever is read is written the same', () => {
    const pathLike = fc.string({
      unit: fc.constantFrom('x', '/', '0', '1', '00', '067', 'x001/', '.p/', '25'),
    });
    fc.assert(
      fc.property(pathLike, (path) => {
        const tile = parseTileIndex(path);
        expect(tile === undefined || formatTileIndex(tile.index, tile.width) === path).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    '1',
    '01',
    '0001',
    'x000/001',
    'x001',
    'x001/x002',
    'x1/001',
    '001/002',
    'X001/002',
    'x001//002',
    '/001',
    '001/',
    ' 001',
    '001\n',
    '-01',
    '001.p',
    '001.p/',
    '001.p/0',
    '001.p/01',
    '001.p/256',
    '001.p/257',
    '001.p/999',
    '001.p/1000',
    '001.p/1.p/1',
    'x009/x007/x199/x254/x740/992',
    `${'x999/'.repeat(1_000)}999`,
  ])('%j is refused', (path) => {
    expect(parseTileIndex(path)).toBeUndefined();
  });
});

describe('an entry bundle', () => {
  it('is each entry behind its length in 16 bits', () => {
    const entries = [Buffer.from('ab'), Buffer.alloc(0), Buffer.alloc(258, 7)];
    const bundle = Buffer.from(encodeEntryBundle(entries));
    expect(bundle.toString('hex')).toBe(`00026162${'0000'}0102${'07'.repeat(258)}`);
    expect(encodeEntryBundle([])).toHaveLength(0);
  });

  it('holds entries of up to 65,535 bytes', () => {
    expect(encodeEntryBundle([new Uint8Array(65_535)])).toHaveLength(65_537);
    expect(() => encodeEntryBundle([new Uint8Array(65_536)])).toThrow(RangeError);
  });
});
