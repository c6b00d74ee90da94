/** A frame of zstd (RFC 8878 §3.1.1), as far as it is seen without unpacking it. */
export interface ZstdFrame {
  /** Bytes of the content; undefined: the frame does not say. */
  readonly contentSize: number | undefined;
}

interface Header extends ZstdFrame {
  /** Where the first block begins. */
  readonly end: number;
  readonly checksumBytes: number;
}

const magic = 0xfd2f_b528;
const blockHeaderBytes = 3;

/**
 * The one frame that a body is. Decoders differ in what they make of others behind it, so its blocks are followed to its
 * end, which must be that of the body.
 * @throws RangeError when it begins otherwise, is cut off, or something is behind it
 */
export function frameOf(body: Buffer): ZstdFrame {
  const { contentSize, end, checksumBytes } = headerOf(body);
  if (endOfBlocks(body, end) + checksumBytes !== body.length) throw new RangeError('not one zstd frame');
  return { contentSize };
}

/** RFC 8878 §3.1.1.1 */
function headerOf(body: Buffer): Header {
  const descriptor = body.readUInt8(4);
  const isReserved = (descriptor & 0b1000) !== 0;
  if (body.readUInt32LE(0) !== magic || isReserved) throw new RangeError('no zstd frame');
  const isSingleSegment = (descriptor & 0b10_0000) !== 0;
  const window = isSingleSegment ? 0 : 1;
  const dictionaryId = [0, 1, 2, 4][descriptor & 0b11]!;
  const at = 5 + window + dictionaryId;
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  const checksumBytes = (descriptor & 0b100) === 0 ? 0 : 4;
  return { contentSize: contentSizeAt(body, at, sizeBytes), end: at + sizeBytes, checksumBytes };
}

function contentSizeAt(body: Buffer, at: number, bytes: number): number | undefined {
  switch (bytes) {
    case 0:
      return undefined;
    case 1:
      return body.readUInt8(at);
    case 2:
      return body.readUInt16LE(at) + 256;
    case 4:
      return body.readUInt32LE(at);
    default:
      return Number(body.readBigUInt64LE(at));
  }
}

/** RFC 8878 §3.1.1.2: one byte that is repeated (type 1) takes one, whatever its size says. */
function endOfBlocks(body: Buffer, begin: number): number {
  for (let at = begin; ;) {
    const header = body.readUIntLE(at, blockHeaderBytes);
    const type = (header >> 1) & 0b11;
    if (type === 3) throw new RangeError('a block of a reserved type');
    at += blockHeaderBytes + (type === 1 ? 1 : header >> 3);
    if ((header & 1) === 1) return at;
  }
}
