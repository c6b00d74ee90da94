import {
  comparePositions,
  ConcordatError,
  type Delivery,
  formatPositions,
  isConcordatError,
  operations,
  type Positions,
  toProblem,
} from '@concordat/contracts';
import { context } from '@opentelemetry/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { inCodingOf } from '../edge/http/compressed-answer';
import { decodeContent } from '../edge/http/content-coding';
import { readInput } from '../edge/http/http-input';
import type { CallerAddresses } from '../edge/caller-address';
import { requestFacts } from '../edge/http/http-request';
import { requestContext, traceProblem } from '../edge/http/http-tracing';
import type { EdgeAnswer, EdgeItem } from '../edge/edge-request';
import type { OperationRouter } from '../edge/operation-router';
import type { CloudEvent } from './cloud-event';
import { modeOf, sendEvents } from './event-answer';
import { type EventRequest, readEvents } from './event-request';
import { fromDelivery, idempotencyKeyOf, ofEvent, toMessage } from './message-mapping';

export const eventsPath = '/v1/events';

export interface EventPorts {
  readonly router: OperationRouter;
  readonly addresses: CallerAddresses;
  readonly now: () => Date;
}

type Outcome = EdgeAnswer | ConcordatError;

/**
 * CloudEvents 1.0 over HTTP: another face of `message.send` and `inbox.fetch`, which decide about everything. The
 * routes read bodies as bytes, since in binary mode they are of any media type.
 */
export function addEventRoutes(server: FastifyInstance, ports: EventPorts): void {
  type Serve = (ports: EventPorts, request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;
  const serve = (run: Serve) => (request: FastifyRequest, reply: FastifyReply) =>
    context.with(requestContext(request), () => run(ports, request, reply));
  void server.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, async (_request: unknown, body: Buffer) => body);
    scope.route({ method: 'POST', url: eventsPath, handler: serve(send) });
    scope.route({ method: 'GET', url: eventsPath, exposeHeadRoute: false, handler: serve(receive) });
  });
}

async function send(
  { router, now, addresses }: EventPorts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { idempotencyKey, ...facts } = requestFacts(request, reply, addresses);
  let read: EventRequest | undefined;
  const outcomes = await router.routeEach({ ...facts, operation: operations['message.send'] }, async () => {
    requireNothingElse(request, idempotencyKey);
    const body = (request.body as Buffer | undefined) ?? Buffer.alloc(0);
    read = readEvents(
      request.raw.headersDistinct,
      await decodeContent(request.headers['content-encoding'], body),
    );
    return read.events.map((event) => toItem(event, read!, now()));
  });
  const told = outcomes.map((outcome, index) => inWordsOfEvent(outcome, read!, index));
  const failed = told.find((outcome) => isConcordatError(outcome, 'INTERNAL'));
  if (failed) throw failed;
  const answers = told.filter((outcome): outcome is EdgeAnswer => !isConcordatError(outcome));
  const positions = latest(answers.map((answer) => answer.positions));
  if (Object.keys(positions).length > 0) void reply.header('concordat-position', formatPositions(positions));
  if (read!.isBatch) return sendResults(request, reply, told);
  const [only] = told as [Outcome];
  if (isConcordatError(only)) throw only;
  return reply.code(202).type(json).send(JSON.stringify(only.output));
}

const json = 'application/json; charset=utf-8';

/** `source` and `id` name an event; a second name would be a second opinion. */
function requireNothingElse(request: FastifyRequest, idempotencyKey: string | undefined): void {
  const refuse = (pointer: string, message: string): ConcordatError =>
    new ConcordatError('INPUT_INVALID', `${pointer} ${message}.`, { errors: [{ pointer, message }] });
  if (idempotencyKey !== undefined)
    throw refuse('Idempotency-Key', 'is not taken: source and id name an event');
  const [parameter] = Object.keys(request.query as object);
  if (parameter !== undefined) throw refuse(`/${parameter.slice(0, 64)}`, 'is not a parameter of this route');
}

function toItem(
  event: CloudEvent | ConcordatError,
  { place }: EventRequest,
  now: Date,
): EdgeItem | ConcordatError {
  if (isConcordatError(event)) return event;
  try {
    const input = toMessage(event, now, place);
    const { to } = event.context;
    return { input, idempotencyKey: idempotencyKeyOf(event), lane: String(to) };
  } catch (error) {
    if (isConcordatError(error)) return error;
    throw error;
  }
}

function inWordsOfEvent(outcome: Outcome, { events, place }: EventRequest, index: number): Outcome {
  const event = events[index]!;
  return isConcordatError(outcome) && !isConcordatError(event) ? ofEvent(outcome, event, place) : outcome;
}

/** For each event what `message.send` answers, or the problem; 207 when there is one. */
async function sendResults(
  request: FastifyRequest,
  reply: FastifyReply,
  outcomes: readonly Outcome[],
): Promise<FastifyReply> {
  const refusals = outcomes.filter((outcome) => isConcordatError(outcome)) as ConcordatError[];
  const retry = Math.max(0, ...refusals.map(({ retryAfterSeconds = 0 }) => retryAfterSeconds));
  if (retry > 0) void reply.header('retry-after', String(retry));
  const items = outcomes.map((outcome) =>
    isConcordatError(outcome)
      ? { problem: toProblem(outcome, traceProblem(request, outcome.code)) }
      : outcome.output,
  );
  return reply
    .code(refusals.length > 0 ? 207 : 202)
    .type(json)
    .send(await inCodingOf(request, reply, Buffer.from(JSON.stringify({ items }))));
}

/** The latest of each source. */
function latest(all: readonly Positions[]): Positions {
  const result: Record<string, Positions[string]> = {};
  for (const [source, at] of all.flatMap((positions) => Object.entries(positions))) {
    const before = result[source];
    if (!before || comparePositions(before, at) < 0) result[source] = at;
  }
  return result;
}

async function receive(
  { router, addresses }: EventPorts,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const operation = operations['inbox.fetch'];
  const { mode: parameter, ...input } = await readInput(operation.http, request);
  const mode = modeOf(parameter, request.headers.accept);
  if (mode !== 'batch' && 'count' in input) {
    const errors = [{ pointer: '/count', message: 'is for batches; in this mode there is one event' }];
    throw new ConcordatError('INPUT_INVALID', 'One event comes in this mode.', { errors });
  }
  const count = mode === 'batch' ? {} : { count: 1 };
  const answer = await router.route({
    ...requestFacts(request, reply, addresses),
    operation,
    input: { ...input, ...count },
  });
  const { items } = answer.output as { items: Delivery[] };
  return sendEvents(request, reply, mode, items.map(fromDelivery));
}
