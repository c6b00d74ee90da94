import { isConcordatError, limits, parseStrictJson } from '@concordat/contracts';
import { type Concordat, type OperationRequest } from '@concordat/sdk';
import { linesOf } from '../client/lines';
import { type Context, UserError } from '../context';
import { visible } from '../output';

type Message = OperationRequest<'message.sendBatch'>['messages'][number];

/** One line of the file. */
interface Line {
  /** from 1 */
  readonly number: number;
  readonly message: Message;
}

export interface BatchOptions {
  /** NDJSON; `-` is stdin. */
  readonly file: string;
  readonly sign: boolean;
  /** Names all of it: repeated with the same key, nothing is sent twice. */
  readonly idempotencyKey: string | undefined;
  /** Makes an address of the `to` of a line. */
  readonly resolve: (word: string) => Promise<string>;
  readonly input?: NodeJS.ReadableStream;
}

/** Room for the signature of a message, and for what surrounds it. */
const extraBytes = 512;

/**
 * Sends a message per line, as many at once as the bus takes, and writes what became of each as soon as it is known.
 * @returns how many were accepted and refused
 * @throws UserError for a line that is no message: those before it were sent
 */
export async function sendBatch(
  { output, progress }: Context,
  client: Concordat,
  options: BatchOptions,
): Promise<{ accepted: number; refused: number }> {
  const counts = { accepted: 0, refused: 0 };
  let number = 0;
  try {
    for await (const lines of batches(options)) {
      progress.doing(`sending: ${counts.accepted} accepted, ${counts.refused} refused`);
      const idempotencyKey = options.idempotencyKey && `${options.idempotencyKey}-${number}`;
      const { items } = await client.messages.sendBatch(
        { messages: lines.map(({ message }) => message) },
        { sign: options.sign, idempotencyKey },
      );
      progress.end();
      for (const [at, item] of items.entries()) {
        counts[item.problem === null ? 'accepted' : 'refused']++;
        const line = lines[at]!.number;
        const { id, status, problem } = item;
        const said = problem === null ? `${id}  ${status}` : `refused: ${problem.detail} (${problem.code})`;
        await output.line({ line, ...item }, () => visible(`${line}  ${said}`));
      }
      number++;
    }
  } catch (error) {
    if (counts.accepted + counts.refused > 0)
      progress.warn(`${counts.accepted} messages were accepted and ${counts.refused} refused before this:`);
    throw error;
  } finally {
    progress.end();
  }
  return counts;
}

/** Lines together, as long as one request can hold them. */
async function* batches(options: BatchOptions): AsyncGenerator<readonly Line[]> {
  let batch: Line[] = [];
  let bytes = 0;
  for await (const [number, text] of linesOf(options)) {
    const size = Buffer.byteLength(text) + extraBytes;
    if (batch.length === limits.batchMessages || (batch.length > 0 && bytes + size > limits.jsonBytes)) {
      yield batch;
      [batch, bytes] = [[], 0];
    }
    batch.push({ number, message: await messageOf(number, text, options) });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** What is wrong is said without the line, which may be a secret. */
async function messageOf(number: number, text: string, { file, resolve }: BatchOptions): Promise<Message> {
  const place = `${file === '-' ? 'stdin' : file}, line ${number}`;
  const message = parsed(place, text);
  if (typeof message !== 'object' || message === null || typeof (message as Message).to !== 'string')
    throw new UserError(visible(`${place}: a line is an object {"to", "type", "payload", …}.`));
  return { ...(message as Message), to: await resolve((message as Message).to) };
}

function parsed(place: string, text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    if (!isConcordatError(error)) throw error;
    const why = error.code === 'JSON_DUPLICATE_KEY' ? 'A key appears twice in one object.' : error.detail;
    throw new UserError(visible(`${place}: ${why}`));
  }
}
