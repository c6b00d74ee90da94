import {
  asConcordatError,
  type ConcordatError,
  errorDefinition,
  formatPositions,
  limits,
} from '@concordat/contracts';
import { status as grpcStatus } from '@grpc/grpc-js';
import type { Type } from 'protobufjs';
import type { EdgeAnswer, EdgeConnection } from '../edge-request';
import { untilAborted } from '../until-aborted';
import { credentialsOf, type Fields, type GrpcDoor, headersOf, type StreamCall } from './grpc-calls';
import { unpacked } from './grpc-compression';
import { decode, toInput, toMessage } from './grpc-messages';
import type { GrpcMethod } from './grpc-protos';
import { messagesOf, write } from './grpc-stream';

/** Calls under way on one stream; the next one is read when one of them is answered. */
const callsUnderWay = 256;
/** What they may have together, in bytes without compression; a kilobyte unfolds into a mebibyte. */
const bytesUnderWay = 4 * limits.jsonBytes;

interface CallStream {
  readonly method: GrpcMethod;
  readonly call: StreamCall;
  readonly door: GrpcDoor;
  readonly connection: EdgeConnection;
  readonly signal: AbortSignal;
}

/**
 * Serves many calls of one operation over one stream: each message is a call with a `sequence` that its answer repeats, a
 * refusal included. The caller is let in once and looked up anew with every call. Ends when the client closes its side and
 * everything is answered.
 * @throws ConcordatError what ends the stream: the caller may no more, or sends what is no such message
 */
export async function serveCalls(
  method: GrpcMethod,
  call: StreamCall,
  door: GrpcDoor,
  gone: AbortController,
): Promise<void> {
  const connection = await door.router.connect(
    credentialsOf(call, door.addresses),
    gone.signal,
    method.operation,
  );
  const stream = { method, call, door, connection, signal: gone.signal };
  const underWay = new Set<Promise<void>>();
  let weight = 0;
  let fault: unknown;
  try {
    for await (const bytes of untilAborted(messagesOf(call), connection.signal)) {
      const content = await unpacked(bytes);
      const bytesOfIt = content.length;
      while (underWay.size > 0 && weight + bytesOfIt > bytesUnderWay) await Promise.race(underWay);
      const answered = carryOut(stream, decode(method.requestType, content))
        .catch((error: unknown) => (fault ??= error))
        .then(() => {
          underWay.delete(answered);
          weight -= bytesOfIt;
        });
      underWay.add(answered);
      weight += bytesOfIt;
      if (underWay.size >= callsUnderWay) await Promise.race(underWay);
      if (fault) break;
    }
    await Promise.all(underWay);
    if (fault) throw fault;
  } finally {
    connection.close();
  }
}

/** Waits for nothing itself, so that the message can go: as objects it takes many times its bytes. */
async function carryOut(stream: CallStream, message: Fields): Promise<void> {
  return tell(stream, message['sequence'], ask(stream, message));
}

function ask(
  { method, call, door, connection, signal }: CallStream,
  { idempotencyKey, request }: Fields,
): Promise<EdgeAnswer> {
  return door.router.route({
    ...{ ...credentialsOf(call, door.addresses), ...headersOf(call) },
    ...{ operation: method.operation, connection, signal },
    input: toInput(typeOf(method.requestType, 'request'), (request ?? {}) as Fields),
    idempotencyKey: idempotencyKey as string | undefined,
  });
}

async function tell(
  { method, call }: CallStream,
  sequence: unknown,
  asked: Promise<EdgeAnswer>,
): Promise<void> {
  const answer = await asked.then(
    ({ output, positions }) => ({
      response: toMessage(typeOf(method.responseType, 'response'), output as Fields),
      position: formatPositions(positions),
    }),
    (error: unknown) => ({ problem: toCallProblem(asConcordatError(error)) }),
  );
  await write(call, { sequence, ...answer });
}

const typeOf = (type: Type, field: string): Type => type.fields[field]!.resolvedType as Type;

function toCallProblem({ code, detail, errors, retryAfterSeconds }: ConcordatError): Fields {
  const { grpc, fix } = errorDefinition(code);
  return { status: grpcStatus[grpc], code, detail, fix, retryAfterSeconds, errors };
}
