import { ConcordatError } from '@concordat/contracts';
import type { ServerHttp2Stream } from 'node:http2';
import { constants } from 'node:http2';
import type { Fields, ItemCall, StreamCall } from './grpc-calls';

/** A client that takes nothing for so long is gone. */
const stalledMs = 30_000;
/** Calls that were to end get so long to take the end. */
const endingMs = 500;

/** What the client sends; that it sends no more does not keep it from being answered. */
export const messagesOf = (call: StreamCall): AsyncIterableIterator<Buffer> =>
  call.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;

/**
 * Hands a message over. Resolves when HTTP/2 had room for it (RFC 9113 §5.2), so that a slow reader costs one.
 * @throws ConcordatError when the client takes nothing any more
 */
export async function write(call: StreamCall | ItemCall, message: Fields, ms = stalledMs): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      reset(call);
      reject(new ConcordatError('OVERLOADED', 'The client does not read.'));
    }, ms);
    const done = (error?: Error | null): void => {
      clearTimeout(timer);
      if (error) reject(error);
      else resolve();
    };
    call.write(message, done);
  });
}

/** Ends a call that its client may not be reading: the status would wait behind what was not read. */
export function resetUnlessEnded(call: StreamCall | ItemCall): void {
  const timer = setTimeout(() => reset(call), endingMs);
  call.once('close', () => clearTimeout(timer));
}

/** RST_STREAM. The library offers no way to it. */
function reset(call: StreamCall | ItemCall): void {
  const inner = call as unknown as { readonly call?: { readonly stream?: ServerHttp2Stream } };
  inner.call?.stream?.close(constants.NGHTTP2_CANCEL);
  call.destroy();
}
