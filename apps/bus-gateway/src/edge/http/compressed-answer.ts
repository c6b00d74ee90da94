import { limits } from '@concordat/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import Negotiator from 'negotiator';
import { encoders } from './content-coding';

/** Their types do not know yet what decides between equals. */
interface Negotiation {
  encodings(offered: readonly string[], options: { readonly preferred: readonly string[] }): string[];
}

const identity = 'identity';
const offered = [...encoders.keys(), identity];

/**
 * The coding for an answer, by `Accept-Encoding` and its size (RFC 9110 §12.5.3). Small ones go out as they are, unless the
 * caller says that he takes none so; he who takes nothing that there is gets it as it is.
 * @param header undefined: the caller has no wishes, and may be one who cannot unpack
 */
export function codingFor(header: string | undefined, bytes: number): string | undefined {
  if (header === undefined) return undefined;
  const caller = new Negotiator({ headers: { 'accept-encoding': header } }) as unknown as Negotiation;
  const taken = caller.encodings(offered, { preferred: offered });
  const [best] = taken;
  const isWorthIt = bytes >= limits.compressionBytes || !taken.includes(identity);
  return best === identity || !isWorthIt ? undefined : best;
}

/**
 * A body in the coding that the caller takes best, which the headers of the reply then tell. Never for answers that are
 * not `isCompressible`.
 */
export async function inCodingOf(
  request: FastifyRequest,
  reply: FastifyReply,
  body: Buffer,
  encode = (coding: string): Promise<Buffer> => encoders.get(coding)!(body),
): Promise<Buffer> {
  void reply.header('vary', 'accept-encoding');
  const coding = codingFor(request.headers['accept-encoding'], body.length);
  if (coding === undefined) return body;
  const packed = await encode(coding);
  // Not before: a refusal that is sent instead is not packed.
  void reply.header('content-encoding', coding);
  return packed;
}
