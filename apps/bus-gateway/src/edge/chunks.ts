import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, isConcordatError, type OperationSpec } from '@concordat/contracts';
import { type Chunk, chunkAnswer } from '@concordat/runtime';
import type { OpenStream } from './open-streams';
import type { ServiceCalls } from './service-calls';

/** A service that does not answer is asked again, for so long: its process may just be starting anew. */
const patienceMs = 15_000;
const againMs = 250;
const passing: readonly ErrorCode[] = ['SERVICE_UNAVAILABLE', 'OVERLOADED'];
/** Chunks with nothing in them are at least so far apart: a service that does not wait itself is not asked in a circle. */
const emptyMs = 500;

export interface ChunkedStream {
  readonly services: Pick<ServiceCalls, 'call'>;
  readonly open: Pick<OpenStream, 'signal' | 'close'>;
  readonly operation: OperationSpec;
  readonly input: unknown;
  /** Who asks, with the rights of now. */
  readonly context: () => Parameters<ServiceCalls['call']>[2];
}

/**
 * The items of a stream that a service makes chunk by chunk. The next chunk is asked for when the items of the one before
 * have gone, so that a slow reader costs one chunk.
 * @throws ConcordatError what refuses the first chunk; later ones are thrown by the items
 */
export async function openChunks(stream: ChunkedStream): Promise<AsyncIterable<unknown>> {
  try {
    return items(stream, await ask(stream, null));
  } catch (error) {
    stream.open.close();
    throw error;
  }
}

/** @param place null: the stream begins */
async function ask(
  { services, operation, input, context }: ChunkedStream,
  place: string | null,
): Promise<Chunk<unknown>> {
  const { output } = await services.call(operation.name, { input, place }, context());
  const { items: raw, next } = chunkAnswer.parse(output);
  return { items: raw.map((item) => operation.output.parse(item)), next };
}

async function* items(stream: ChunkedStream, first: Chunk<unknown>): AsyncGenerator<unknown> {
  for (let chunk = first; ;) {
    yield* chunk.items;
    // Who has gone cannot end what waits here for the next chunk, and nothing may ever come.
    if (chunk.next === null || stream.open.signal.aborted) return;
    const askedAtMs = performance.now();
    chunk = await patiently(stream, chunk.next);
    const leftMs = emptyMs - (performance.now() - askedAtMs);
    if (chunk.items.length === 0 && leftMs > 0) await pause(leftMs, stream.open.signal);
  }
}

async function patiently(stream: ChunkedStream, place: string): Promise<Chunk<unknown>> {
  const { signal } = stream.open;
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask(stream, place);
    } catch (error) {
      const isPassing = isConcordatError(error) && passing.includes(error.code);
      if (!isPassing || signal.aborted || performance.now() >= endMs) throw error;
      await pause(againMs, signal);
    }
  }
}

/** Ends early with the signal, whose reason is for others to throw. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal }).catch(() => undefined);
