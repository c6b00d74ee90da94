import { ConcordatError, limits } from '@concordat/contracts';
import * as zlib from 'node:zlib';

type Decode = (body: Buffer, options: object, done: (error: Error | null, result: never) => void) => void;
type Encode = (body: Buffer, done: (error: Error | null, result: Buffer) => void) => void;

/** What `node:zlib` has from Node 22.15 on; the types are those of the oldest Node that we run on. */
export interface NodeZstd {
  readonly constants: { readonly ZSTD_d_windowLogMax: number };
  readonly zstdCompress: Encode;
  readonly zstdDecompress: Decode;
}

export const nodeZstd = 'zstdDecompress' in zlib ? (zlib as unknown as NodeZstd) : undefined;

/** What a decoder answers that is asked for `info`. */
interface Decoded {
  readonly buffer: Buffer;
  /** `bytesWritten`: how much of the input it has read */
  readonly engine: { readonly bytesWritten: number };
}

/**
 * Unpacks up to `limits.jsonBytes`, or `maxOutputLength` of the options, and stops there. Node would leave out what lies
 * behind the end; to others that may be what counts, so it is refused.
 * @throws ConcordatError PAYLOAD_TOO_LARGE; whatever a damaged body makes the decoder throw
 */
export function decodeWhole(decode: Decode, body: Buffer, options: object = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const bounded = { maxOutputLength: limits.jsonBytes, ...options, info: true };
    decode(body, bounded, (error, { buffer, engine }: Decoded = {} as never) => {
      if (error) reject((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE' ? tooLarge() : error);
      else if (engine.bytesWritten !== body.length) reject(new RangeError('something behind the end'));
      else resolve(buffer);
    });
  });
}

export const tooLarge = (): ConcordatError =>
  new ConcordatError('PAYLOAD_TOO_LARGE', `Unpacked, the body has more than ${limits.jsonBytes} bytes.`);

export const encode = (how: Encode, body: Buffer): Promise<Buffer> =>
  new Promise((resolve, reject) => how(body, (error, result) => (error ? reject(error) : resolve(result))));
