import { asConcordatError, type HttpBinding, type OperationSpec } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { EdgeStream } from '../edge-request';

/** Who takes nothing for so long is gone. */
const stalledMs = 30_000;

export interface LineStreamOptions {
  readonly operation: OperationSpec;
  readonly lines: NonNullable<HttpBinding['lines']>;
  readonly traceId: string;
  readonly logger: Logger;
  readonly stalledMs?: number;
}

/**
 * Answers with lines as they come. Items are made when there is room in the socket, so a slow reader costs one; one that
 * has stalled is closed. What fails after the beginning breaks the connection: a body that is cut off has no end
 * (RFC 9112 §8).
 */
export function sendLines(
  request: FastifyRequest,
  reply: FastifyReply,
  { items, input }: EdgeStream,
  options: LineStreamOptions,
): FastifyReply {
  const { socket } = request.raw;
  const stalled = (): void => void socket.destroy();
  socket.setTimeout(options.stalledMs ?? stalledMs, stalled);
  reply.raw.once('close', () => socket.removeListener('timeout', stalled));
  // Not `connection: close`: with it clients take the end of the connection for the end of the body, chunked or not.
  return reply
    .code(200)
    .type(options.lines.of(input as Readonly<Record<string, unknown>>))
    .header('x-accel-buffering', 'no')
    .send(Readable.from(texts(items, options), { objectMode: false, highWaterMark: 1 }));
}

async function* texts(
  items: AsyncIterable<unknown>,
  { operation: { name }, traceId, logger }: LineStreamOptions,
): AsyncGenerator<string> {
  try {
    for await (const { lines } of items as AsyncIterable<{ lines: string }>) yield lines;
  } catch (error) {
    const known = asConcordatError(error);
    const level = known.code === 'INTERNAL' ? 'error' : 'warn';
    logger[level]({ error: known.cause ?? known.code, operation: name, traceId }, 'stream cut off');
    throw known;
  }
}
