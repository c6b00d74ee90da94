import { ConcordatError } from '@concordat/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { inCodingOf } from '../edge/http/compressed-answer';
import { writeBinary } from './binary-mode';
import type { CloudEvent } from './cloud-event';
import { batchType, structuredType } from './event-request';
import { toJson } from './json-format';
import { essenceOf } from './media-type';

export type AnswerMode = 'binary' | 'structured' | 'batch';

/**
 * The mode in which a caller wants events. Nothing, or a wildcard, is one event: batches are for those who ask for them
 * (CloudEvents HTTP binding 1.0.2, §3). In binary mode the media type is that of the data, and no caller can accept what
 * he does not know, so that a parameter asks for it.
 * @throws ConcordatError NOT_ACCEPTABLE, INPUT_INVALID
 */
export function modeOf(parameter: unknown, accept: string | undefined): AnswerMode {
  if (parameter === 'binary') return 'binary';
  if (parameter !== undefined) {
    const errors = [{ pointer: '/mode', message: 'must be binary; Accept asks for the other modes' }];
    throw new ConcordatError('INPUT_INVALID', 'There is no such mode.', { errors });
  }
  if (!accept?.trim()) return 'structured';
  const wanted = new Map(accept.split(',').map((range) => [essenceOf(range), weightOf(range)]));
  const weight = (...types: string[]): number =>
    types.map((type) => wanted.get(type)).find((found) => found !== undefined) ?? 0;
  const batch = weight(batchType);
  const structured = weight(structuredType, 'application/*', '*/*');
  if (batch === 0 && structured === 0)
    throw new ConcordatError(
      'NOT_ACCEPTABLE',
      `Events come as ${structuredType}, ${batchType}, or with ?mode=binary in the media type of their data.`,
    );
  return batch >= structured ? 'batch' : 'structured';
}

/** RFC 9110 §12.4.2 */
const weightOf = (range: string): number =>
  Number(/;[ \t]*q=([01](?:\.\d{0,3})?)[ \t]*(?:;|$)/i.exec(range)?.[1] ?? 1);

/**
 * Answers with the events: 204 when one was asked for and none is there. In binary mode the body is as its sender made it,
 * and is not compressed.
 */
export async function sendEvents(
  request: FastifyRequest,
  reply: FastifyReply,
  mode: AnswerMode,
  events: readonly CloudEvent[],
): Promise<FastifyReply> {
  const sendJson = async (type: string, value: unknown): Promise<FastifyReply> => {
    const body = await inCodingOf(request, reply, Buffer.from(JSON.stringify(value)));
    return reply.code(200).type(`${type}; charset=utf-8`).send(body);
  };
  if (mode === 'batch') return sendJson(batchType, events.map(toJson));
  const [event] = events;
  if (!event) return reply.code(204).send();
  const binary = mode === 'binary' ? writeBinary(event) : undefined;
  if (!binary) return sendJson(structuredType, toJson(event));
  for (const [name, value] of binary.headers) void reply.header(name, value);
  // What a stranger wrote is not to be taken for a page of ours.
  void reply.header('content-security-policy', "default-src 'none'; sandbox");
  return reply.code(200).send(binary.body.length === 0 ? undefined : binary.body);
}
