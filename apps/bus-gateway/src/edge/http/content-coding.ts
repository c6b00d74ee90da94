import { ConcordatError, isConcordatError } from '@concordat/contracts';
import { gunzip, gzip } from 'node:zlib';
import { decodeWhole, encode } from './node-zlib';
import { unzstd, zstd } from './zstd';

type Recode = (body: Buffer) => Promise<Buffer>;

const ungzip: Recode = (body) => decodeWhole(gunzip as never, body);
/** By names in lower case; `x-gzip` is an old one (RFC 9110 §8.4.1.3). */
const decoders: Readonly<Record<string, Recode>> = { gzip: ungzip, 'x-gzip': ungzip, zstd: unzstd };

/** Codings in which answers may go out, the preferred one first. */
export const encoders: ReadonlyMap<string, Recode> = new Map([
  ...(zstd ? ([['zstd', zstd]] as const) : []),
  ['gzip', (body) => encode(gzip, body)],
]);

/** `Accept-Encoding` in an answer: what requests may come in (RFC 9110 §12.5.3, RFC 7694). */
export const acceptedCodings = 'gzip, zstd';

/**
 * The content of a body. Unpacked it is bounded as it would be if it had come as it is, and no more is unpacked than that.
 * @param contentEncoding the header; undefined: the body is the content
 * @throws ConcordatError CONTENT_CODING_UNSUPPORTED, CONTENT_CODING_INVALID, PAYLOAD_TOO_LARGE
 */
export async function decodeContent(contentEncoding: string | undefined, body: Buffer): Promise<Buffer> {
  const codings = codingsIn(contentEncoding);
  if (codings.length === 0) return body;
  if (codings.length > 1) throw unsupported('A body is compressed once.');
  const [coding] = codings as [string];
  if (!Object.hasOwn(decoders, coding)) throw unsupported();
  return unpackBy(decoders[coding]!, body);
}

/**
 * For bodies of strangers, which are not unpacked.
 * @param contentEncoding the header
 * @throws ConcordatError CONTENT_CODING_UNSUPPORTED
 */
export function requireUncoded(contentEncoding: string | undefined): void {
  if (codingsIn(contentEncoding).length > 0) throw codedByStranger();
}

export const codedByStranger = (): ConcordatError =>
  new ConcordatError(
    'CONTENT_CODING_UNSUPPORTED',
    'Where no credential is asked for, a body is not compressed. Send it as it is.',
  );

/** @throws ConcordatError CONTENT_CODING_INVALID, PAYLOAD_TOO_LARGE */
export async function unpackBy(decode: Recode, body: Buffer): Promise<Buffer> {
  try {
    return await decode(body);
  } catch (error) {
    throw isConcordatError(error) ? error : new ConcordatError('CONTENT_CODING_INVALID');
  }
}

/** Codings in the order in which they were applied; `identity` is none. */
function codingsIn(header = ''): string[] {
  const names = header.split(',').map((name) => name.trim().toLowerCase());
  return names.filter((name) => name !== '' && name !== 'identity');
}

const unsupported = (why = 'This one is not among them.'): ConcordatError =>
  new ConcordatError('CONTENT_CODING_UNSUPPORTED', `Bodies may be coded by ${acceptedCodings}. ${why}`);
