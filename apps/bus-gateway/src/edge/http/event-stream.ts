import { asConcordatError, type OperationSpec, toProblem } from '@concordat/contracts';
import type { Logger } from '@concordat/runtime';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Readable } from 'node:stream';
import type { EdgeStream } from '../edge-request';

/** Sent while nothing happens, so that what lies between does not take the connection for dead. */
const heartbeatMs = 15_000;
/** Who takes nothing for so long is gone. */
const stalledMs = 30_000;
/** When a client comes back whose stream has ended. */
const retryMs = 1_000;

export interface EventStreamOptions {
  readonly operation: OperationSpec;
  readonly traceId: string;
  readonly logger: Logger;
  readonly heartbeatMs?: number;
  readonly stalledMs?: number;
}

/**
 * Answers with server-sent events (HTML Standard §9.2). An item is made when there is room for it in the socket, so a slow
 * reader costs one; one that has stalled is closed.
 */
export function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  { items }: EdgeStream,
  options: EventStreamOptions,
): FastifyReply {
  const { raw } = reply;
  const beat = setInterval(() => {
    if (raw.headersSent && !raw.writableNeedDrain && !raw.writableEnded) raw.write(':\n\n');
  }, options.heartbeatMs ?? heartbeatMs);
  raw.once('close', () => clearInterval(beat));
  request.raw.socket.setTimeout(options.stalledMs ?? stalledMs, () => request.raw.socket.destroy());
  return reply
    .code(200)
    .type('text/event-stream')
    .header('x-accel-buffering', 'no')
    .header('connection', 'close')
    .send(Readable.from(eventText(items, options), { objectMode: false, highWaterMark: 1 }));
}

async function* eventText(
  items: AsyncIterable<unknown>,
  { operation: { itemId, name }, traceId, logger }: EventStreamOptions,
): AsyncGenerator<string> {
  yield `retry: ${retryMs}\n\n`;
  try {
    for await (const item of items) {
      const id = itemId === undefined ? '' : `id: ${String((item as Record<string, unknown>)[itemId])}\n`;
      yield `${id}event: item\ndata: ${JSON.stringify(item)}\n\n`;
    }
    yield 'event: end\ndata: {}\n\n';
  } catch (error) {
    const known = asConcordatError(error);
    if (known.code === 'INTERNAL')
      logger.error({ error: known.cause ?? known, operation: name, traceId }, 'stream failed');
    yield `event: error\ndata: ${JSON.stringify(toProblem(known, traceId))}\n\n`;
  }
}
