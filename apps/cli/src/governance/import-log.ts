import { limits } from '@concordat/contracts';
import { type Concordat, type OperationOutput } from '@concordat/sdk';
import { linesOf } from '../client/lines';
import { type Context } from '../context';
import { visible } from '../output';

type Item = OperationOutput<'governance.import'>['items'][number];
interface Line {
  /** from 1 */
  readonly number: number;
  readonly text: string;
}

export interface ImportOptions {
  /** JSONL; `-` is stdin. */
  readonly file: string;
  readonly dryRun: boolean;
  readonly input?: NodeJS.ReadableStream;
}

export type ImportCounts = Record<Item['status'], number>;

/**
 * Imports an older audit log, as many lines at once as one request takes, and says of every line that was refused which
 * one it is and why. Nothing is lost by giving it again: the file is only read, and lines that are known are passed over.
 * @returns how many lines became of what
 */
export async function importLog(
  { output, progress }: Context,
  client: Concordat,
  options: ImportOptions,
): Promise<ImportCounts> {
  const counts: ImportCounts = { imported: 0, known: 0, refused: 0 };
  const tell = async ({ number }: Line, { status, id, problem }: Pick<Item, 'status' | 'id' | 'problem'>) => {
    counts[status]++;
    if (output.format === 'table' && status !== 'refused') return;
    progress.end();
    await output.line({ line: number, status, id, problem }, () => visible(`line ${number}: ${problem!}`));
  };
  try {
    for await (const lines of batches(options)) {
      progress.doing(`importing: ${inWords(counts, options.dryRun)}; at line ${lines[0]!.number}`);
      const short = lines.filter(isShort);
      const { items } =
        short.length === 0
          ? { items: [] }
          : await client.governance.import({ lines: short.map(({ text }) => text), dryRun: options.dryRun });
      const found = new Map(short.map((line, at) => [line, items[at]!]));
      for (const line of lines) await tell(line, found.get(line) ?? tooLong);
    }
  } catch (error) {
    progress.warn(
      `${inWords(counts, options.dryRun)} before this. Give the same file again: known lines are passed over.`,
    );
    throw error;
  } finally {
    progress.end();
  }
  return counts;
}

/** @param isDry nothing was changed */
export const inWords = ({ imported, known, refused }: ImportCounts, isDry: boolean): string =>
  `${imported} lines ${isDry ? 'would be' : 'were'} imported, ${known} known already, ${refused} refused`;

const isShort = ({ text }: Line): boolean => text.length <= limits.importLineBytes;
const tooLong = {
  ...{ status: 'refused' as const, id: null },
  problem: `is longer than ${limits.importLineBytes} characters`,
};

/** Room for what surrounds the lines. */
const extraBytes = 1_024;

/** Lines together, as long as one request can hold them. */
async function* batches(options: ImportOptions): AsyncGenerator<readonly Line[]> {
  let batch: Line[] = [];
  let bytes = extraBytes;
  for await (const [number, read] of linesOf(options)) {
    const line = { number, text: number === 1 ? read.replace(/^\uFEFF/, '') : read };
    const size = isShort(line) ? Buffer.byteLength(JSON.stringify(line.text)) + 1 : 0;
    if (batch.length === limits.importLines || (batch.length > 0 && bytes + size > limits.jsonBytes)) {
      yield batch;
      [batch, bytes] = [[], extraBytes];
    }
    batch.push(line);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
