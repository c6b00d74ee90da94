import { ConcordatError } from '@concordat/contracts';
import { Metadata } from '@grpc/grpc-js';
import {
  credentialsOf,
  type Fields,
  type GrpcDoor,
  headersOf,
  type ItemCall,
  type StreamCall,
} from './grpc-calls';
import { unpacked } from './grpc-compression';
import { decode, toInput, toMessage } from './grpc-messages';
import type { GrpcMethod } from './grpc-protos';
import { messagesOf, write } from './grpc-stream';

/** Who opens a stream has so long to say which. */
const firstMs = 10_000;

/** What the client sends: to a method that takes one message, that one. */
const sentTo = ({ takesMany }: GrpcMethod, call: StreamCall | ItemCall): AsyncIterator<Buffer> =>
  takesMany ? messagesOf(call as StreamCall) : only((call as ItemCall).request);

async function* only(message: Buffer): AsyncGenerator<Buffer> {
  yield message;
}

/**
 * Serves a stream of the catalogue. The first message of the client is the request; each further one grants credits. The
 * client may close its side: then it is server streaming.
 * @throws ConcordatError what ends the stream
 */
export async function serveItems(
  method: GrpcMethod,
  call: StreamCall | ItemCall,
  { router, addresses }: GrpcDoor,
  gone: AbortController,
): Promise<void> {
  const { operation, requestType, responseType } = method;
  const messages = sentTo(method, call);
  const first = await firstOf(messages);
  const { items, grant } = await router.open({
    ...{ ...credentialsOf(call, addresses), ...headersOf(call), operation, signal: gone.signal },
    input: async () => toInput(requestType, decode(requestType, await unpacked(first))),
  });
  // The headers tell the client that it is let in, before there is an item.
  call.sendMetadata(new Metadata());
  let fault: unknown;
  void takeAll(messages, async (bytes) => grant(creditsIn(decode(requestType, await unpacked(bytes))))).catch(
    (error: unknown) => {
      fault = error;
      gone.abort();
    },
  );
  try {
    for await (const item of items) await write(call, toMessage(responseType, item as Fields));
  } catch (error) {
    throw fault ?? error;
  }
}

async function firstOf(messages: AsyncIterator<Buffer>): Promise<Buffer> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ConcordatError('INPUT_INVALID', 'No request came.')), firstMs);
  });
  const { done, value } = await Promise.race([messages.next(), late]).finally(() => clearTimeout(timer));
  if (done === true) throw new ConcordatError('INPUT_INVALID', 'No request came.');
  return value;
}

async function takeAll(
  messages: AsyncIterator<Buffer>,
  take: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  for (;;) {
    const { done, value } = await messages.next();
    if (done === true) return;
    await take(value);
  }
}

function creditsIn({ credits }: Fields): number {
  if (typeof credits === 'number' && credits > 0) return credits;
  const errors = [{ pointer: '/credits', message: 'must be at least 1' }];
  throw new ConcordatError('INPUT_INVALID', 'A message after the first grants credits.', { errors });
}
