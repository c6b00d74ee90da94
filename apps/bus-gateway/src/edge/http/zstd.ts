import { decompress, init } from '@bokuweb/zstd-wasm';
import { ConcordatError, limits } from '@concordat/contracts';
import { decodeWhole, encode, type NodeZstd, nodeZstd, tooLarge } from './node-zlib';
import { frameOf } from './zstd-frame';

/** 8 MiB: more than that nobody has to keep for a body (RFC 9659 §3). */
const windowLog = 23;

/** Compresses; undefined where Node cannot, for elsewhere it would hold up the process. */
export const zstd = nodeZstd && compressor(nodeZstd);

/**
 * Unpacks a body of RFC 8878, one frame, up to `limits.jsonBytes`.
 * @throws ConcordatError PAYLOAD_TOO_LARGE; whatever a damaged body makes the decoder throw
 */
export const unzstd = nodeZstd ? decompressor(nodeZstd) : unzstdInWasm;

function compressor({ zstdCompress }: NodeZstd) {
  return (body: Buffer): Promise<Buffer> => encode(zstdCompress, body);
}

function decompressor({ zstdDecompress, constants }: NodeZstd) {
  const params = { [constants.ZSTD_d_windowLogMax]: windowLog };
  return async (body: Buffer): Promise<Buffer> => {
    sizeWithin(body);
    return decodeWhole(zstdDecompress, body, { params });
  };
}

let engine: Promise<void> | undefined;
/** Reads and compiles it when it is first needed. */
const loadEngine = (): Promise<void> =>
  (engine ??= init().catch((cause: unknown) => {
    throw new ConcordatError('INTERNAL', undefined, { cause });
  }));

/** "Destination size is too small" (zstd_errors.h) */
const noRoom = /-70$/;

/**
 * One frame, into room that is measured before: as much as the frame says that it needs, and the limit where it does not
 * say. The decoder writes no further.
 * @throws as `unzstd` does
 */
export async function unzstdInWasm(body: Buffer): Promise<Buffer> {
  const size = sizeWithin(body);
  await loadEngine();
  try {
    const { buffer, byteOffset, byteLength } = decompress(body, { defaultHeapSize: limits.jsonBytes });
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch (error) {
    if (size === undefined && noRoom.test(String(error))) throw tooLarge();
    throw error;
  }
}

/**
 * @returns what the frame says of its size, if it does
 * @throws ConcordatError PAYLOAD_TOO_LARGE; RangeError when that is not one frame
 */
function sizeWithin(body: Buffer): number | undefined {
  const { contentSize } = frameOf(body);
  if (contentSize !== undefined && contentSize > limits.jsonBytes) throw tooLarge();
  return contentSize;
}
