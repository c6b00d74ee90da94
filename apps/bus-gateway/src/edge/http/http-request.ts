import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallerAddresses } from '../caller-address';
import type { PresentedProof } from '../dpop-proof';
import type { EdgeRequest } from '../edge-request';

/** What a request says besides what it asks: who asks, and under which conditions. */
export function requestFacts(
  request: FastifyRequest,
  reply: FastifyReply,
  addresses: CallerAddresses,
): Omit<EdgeRequest, 'operation' | 'input'> {
  const gone = new AbortController();
  // Closed after its end, as every answer is, there is nobody to tell; an abort costs an error with its stack.
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return {
    authorization: header(request, 'authorization'),
    proof: proofOf(request),
    idempotencyKey: header(request, 'idempotency-key'),
    minPosition: header(request, 'concordat-min-position'),
    conversation: header(request, 'concordat-correlation-id'),
    address: addresses.of(request.ip, (name) => header(request, name)),
    signal: gone.signal,
  };
}

function proofOf(request: FastifyRequest): PresentedProof | undefined {
  const proof = header(request, 'dpop');
  if (proof === undefined) return undefined;
  const path = request.raw.url!.replace(/[?#].*$/s, '');
  return { proof, method: request.method, authority: request.headers.host, path };
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}
