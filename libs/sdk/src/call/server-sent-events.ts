import { limits } from '@concordat/contracts';
import { ConcordatProblem } from '../problem';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** Largest event: an item of the largest size, and what surrounds it. */
const eventCharacters = 4 * limits.jsonBytes;

/**
 * Reads server-sent events as a gateway writes them (HTML Standard §9.2): fields of one line each, an empty line at the
 * end. Comments and what is not whole are left out.
 * @throws ConcordatProblem ANSWER_TOO_LARGE
 */
export async function* eventsOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of body) {
    text += decoder.decode(piece, { stream: true });
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    if (text.length > eventCharacters) throw new ConcordatProblem('ANSWER_TOO_LARGE');
    for (const block of blocks) {
      const event = field(block, 'event');
      if (event !== undefined) yield { event, data: field(block, 'data') ?? '' };
    }
  }
}

const field = (block: string, name: string): string | undefined =>
  new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
