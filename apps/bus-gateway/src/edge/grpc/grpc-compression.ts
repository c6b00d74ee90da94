import { ConcordatError, limits } from '@concordat/contracts';
import { type ServerInterceptingCall, type ServerInterceptor, status } from '@grpc/grpc-js';
import { gunzip, inflate } from 'node:zlib';
import { codedByStranger, unpackBy } from '../http/content-coding';
import { decodeWhole } from '../http/node-zlib';

/** What a call of the library does with a message that came in; its prefix of five bytes is still before it. */
interface Decompressing {
  decompressMessage(framed: Buffer, encoding: string): Buffer | Promise<Buffer>;
}
const prefixBytes = 5;

/** Larger requests health and reflection do not have. */
const smallBytes = 4_096;

const decoders: ReadonlyMap<string, typeof gunzip> = new Map([
  ['gzip', gunzip],
  ['deflate', inflate],
]);

/** Messages as they came, and how they are compressed. */
const packed = new WeakMap<Buffer, string>();

/**
 * The library unpacks what comes before anybody has asked who sent it, and holds it: sixteen messages of a mebibyte from a
 * kilobyte each, in every one of the streams of a connection. So messages are handed over as they came, and unpacked by
 * `unpacked`. There is no public way to it.
 * @param paths methods that call `unpacked`; requests of others (health, reflection) are unpacked here, as far as such are long
 */
export const handOverPacked =
  (paths: ReadonlySet<string>): ServerInterceptor =>
  ({ path }, call) => {
    const inner = call as unknown as Decompressing;
    const decompress = inner.decompressMessage.bind(inner);
    inner.decompressMessage = (framed, encoding) => {
      const decoder = decoders.get(encoding);
      if (!decoder) return decompress(framed, encoding);
      const message = framed.subarray(prefixBytes);
      if (!paths.has(path)) return unpackedSmall(decoder, message);
      packed.set(message, encoding);
      return message;
    };
    // Not wrapped: `grpc-stream.ts` looks into it too.
    return call as ServerInterceptingCall;
  };

/**
 * A message that was handed over, without its compression.
 * @throws ConcordatError CONTENT_CODING_INVALID, PAYLOAD_TOO_LARGE
 */
export async function unpacked(message: Buffer): Promise<Buffer> {
  const encoding = packed.get(message);
  if (encoding === undefined) return message;
  return unpackBy((body) => decodeWhole(decoders.get(encoding) as never, body), message);
}

/**
 * A message of anybody, who is not asked who he is: small, and not compressed.
 * @throws ConcordatError CONTENT_CODING_UNSUPPORTED, PAYLOAD_TOO_LARGE
 */
export function fromStranger(message: Buffer): Buffer {
  if (packed.has(message)) throw codedByStranger();
  if (message.length > limits.strangerBytes) throw new ConcordatError('PAYLOAD_TOO_LARGE');
  return message;
}

/** @throws a status, as the library wants it */
const unpackedSmall = (decoder: typeof gunzip, message: Buffer): Promise<Buffer> =>
  decodeWhole(decoder as never, message, { maxOutputLength: smallBytes }).catch(() =>
    Promise.reject({
      code: status.RESOURCE_EXHAUSTED,
      details: 'Damaged, or too large when it is unpacked.',
    } as never),
  );
