import { compress } from '@bokuweb/zstd-wasm';
import { isConcordatError, limits } from '@concordat/contracts';
import fc from 'fast-check';
import { deflateSync, gzipSync } from 'node:zlib';
import { decodeContent, unpackBy } from './content-coding';
import { unzstdInWasm } from './zstd';

const zstd = (body: Uint8Array): Buffer => Buffer.from(compress(body as Buffer, 3));
/** A frame that does not say how large its content is, of blocks that repeat one byte (RFC 8878 §3.1.1). */
const sizelessFrame = (blocks: number, windowDescriptor = 0x58): Buffer =>
  Buffer.concat([
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, windowDescriptor]),
    ...Array.from({ length: blocks }, (_, at) => {
      const header = (131_072 << 3) | (1 << 1) | Number(at === blocks - 1);
      return Buffer.from([header & 0xff, (header >> 8) & 0xff, header >> 16, 0x20]);
    }),
  ]);
const codeOf = (decoded: Promise<unknown>): Promise<unknown> =>
  decoded.then(
    () => 'ok',
    (error: unknown) => (isConcordatError(error) ? error.code : error),
  );
const text = Buffer.from(JSON.stringify(Array.from({ length: 999 }, (_, id) => ({ id, is: 'a message' }))));

// The library is loaded once.
beforeAll(() => unzstdInWasm(sizelessFrame(1)));

describe('a body', () => {
  it.each(['', 'identity', ' Identity , ', undefined])('coded by "%s" / is its content', async (coding) => {
    expect(await decodeContent(coding, text)).toBe(text);
  });

  it.each([
    ['gzip', gzipSync],
    ['X-GZIP', gzipSync],
    [' identity, GZip', gzipSync],
    ['zstd', zstd],
    ['Zstd', zstd],
  ])('coded by "%s" / is unpacked', async (coding, pack) => {
    for (const content of [text, Buffer.from('x'), Buffer.alloc(0), Buffer.alloc(limits.jsonBytes, 7)])
      expect((await decodeContent(coding, pack(content))).equals(content)).toBe(true);
  });

  it.each(['br', 'deflate', 'gzip, gzip', 'zstd,gzip', 'gzip;q=1', '*', 'constructor', '__proto__'])(
    'coded by "%s" / is not taken',
    async (coding) => {
      expect(await codeOf(decodeContent(coding, gzipSync(gzipSync(text))))).toBe(
        'CONTENT_CODING_UNSUPPORTED',
      );
    },
  );

  it.each([
    ['gzip', gzipSync],
    ['zstd', zstd],
  ])('that %s makes small / is unpacked as far as a body may reach', async (coding, pack) => {
    for (const bytes of [limits.jsonBytes + 1, 100_000_000])
      expect(await codeOf(decodeContent(coding, pack(Buffer.alloc(bytes))))).toBe('PAYLOAD_TOO_LARGE');
  });

  it.each([
    ['gzip', gzipSync, 4],
    ['zstd', zstd, 1],
  ])('that is no whole %s, or more than one / is refused', async (coding, pack, checksum) => {
    const packed = pack(text);
    const wrong = [
      ...[packed.subarray(0, packed.length - checksum), packed.subarray(0, 5), packed.subarray(0, 1)],
      ...[Buffer.concat([packed, Buffer.from('{}')]), Buffer.concat([packed, Buffer.alloc(3)])],
      ...[text, Buffer.from(text.subarray(0, 3)), deflateSync(text), Buffer.alloc(0), Buffer.alloc(64)],
    ];
    for (const body of wrong)
      expect(await codeOf(decodeContent(coding, body))).toBe('CONTENT_CODING_INVALID');
  });

  it('of bytes that mean nothing / is refused, and the next one is unpacked', async () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    const packings = fc.constantFrom(['gzip', gzipSync(text)] as const, ['zstd', zstd(text)] as const);
    await fc.assert(
      fc.asyncProperty(packings, changes, async ([coding, packed], at) => {
        const body = Buffer.from(packed);
        for (const [place, byte] of at) body[place % body.length] = byte;
        expect(['ok', 'CONTENT_CODING_INVALID', 'PAYLOAD_TOO_LARGE']).toContain(
          await codeOf(decodeContent(coding, body)),
        );
        expect((await decodeContent(coding, packed)).equals(text)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a frame of zstd that does not say how large its content is', () => {
  const limit = limits.jsonBytes / 131_072;

  it.each([
    ['by whatever Node has', (body: Buffer) => decodeContent('zstd', body)],
    ['by the library', unzstdInWasm],
  ])('%s / is unpacked up to the limit', async (_by, decode) => {
    expect((await decode(sizelessFrame(limit))).equals(Buffer.alloc(limits.jsonBytes, 0x20))).toBe(true);
    expect(await codeOf(decode(sizelessFrame(limit + 1)))).toBe('PAYLOAD_TOO_LARGE');
    expect(await codeOf(decode(sizelessFrame(100_000)))).toBe('PAYLOAD_TOO_LARGE');
  });

  it('and claims a window of gigabytes / costs no more than another', async () => {
    const before = process.memoryUsage().rss;
    for (let round = 0; round < 20; round++)
      await codeOf(decodeContent('zstd', sizelessFrame(1, 0xa8 + (round % 8))));
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });
});

describe('a body of zstd with more than its frame', () => {
  const empty = Buffer.from('28b52ffd2000010000', 'hex');
  const checked = Buffer.from('28b52ffd240001000099e9d851', 'hex');
  const skippable = Buffer.from('502a4d1804000000deadbeef', 'hex');
  const decoders = [
    ['by whatever Node has', (body: Buffer) => decodeContent('zstd', body)],
    ['by the library', (body: Buffer) => unpackBy(unzstdInWasm, body)],
  ] as const;

  it.each(decoders)('%s / is refused, whatever the rest is', async (_by, decode) => {
    for (const frame of [zstd(text), sizelessFrame(2), empty, checked]) {
      expect(await codeOf(decode(frame))).toBe('ok');
      for (const rest of [zstd(text), sizelessFrame(1), empty, checked, skippable, Buffer.alloc(1)])
        expect(await codeOf(decode(Buffer.concat([frame, rest])))).toBe('CONTENT_CODING_INVALID');
      expect(await codeOf(decode(Buffer.concat([skippable, frame])))).toBe('CONTENT_CODING_INVALID');
    }
  });

  it.each(decoders)(
    '%s / or with a checksum that is cut off, or another / is refused',
    async (_by, decode) => {
      const other = Buffer.concat([checked.subarray(0, -1), Buffer.alloc(1)]);
      for (const body of [checked.subarray(0, -1), checked.subarray(0, -4), other])
        expect(await codeOf(decode(body))).toBe('CONTENT_CODING_INVALID');
    },
  );
});

describe('a frame of zstd that lies about its content', () => {
  it.each([
    ['more than there is', 'ffffffffffffff0f', 'PAYLOAD_TOO_LARGE'],
    ['as much as fits, and more than there is', '0000100000000000', 'CONTENT_CODING_INVALID'],
    ['less than there is', '0100000000000000', 'CONTENT_CODING_INVALID'],
  ])('that it is %s / is refused', async (_what, size, code) => {
    const frame = sizelessFrame(2).subarray(6);
    const head = Buffer.from(`28b52ffde0${size}`, 'hex');
    expect(await codeOf(decodeContent('zstd', Buffer.concat([head, frame])))).toBe(code);
  });
});
