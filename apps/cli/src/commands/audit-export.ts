import { exportFormat, type ExportFormat } from '@concordat/contracts';
import { verifyExport } from '@concordat/audit-export';
import { type Concordat } from '@concordat/sdk';
import { type Command } from 'commander';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { act } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { writeExport } from '../client/export-file';
import { type Context, UserError } from '../context';
import { visible } from '../output';
import { dataFolder } from '../supervisor/provision';

interface Filter {
  readonly type?: string;
  readonly subject?: string;
  readonly actor?: string;
  readonly correlationId?: string;
}

interface ExportOptions extends ConnectionOptions, Filter {
  readonly format: ExportFormat;
  readonly out: string;
  readonly from?: string;
  readonly to?: string;
  readonly about?: string;
  readonly checkpoint?: string;
  readonly vkey?: string;
}

interface VerifyOptions {
  readonly vkey?: string;
  readonly checkpoint?: string;
}

interface TailOptions extends ConnectionOptions, Filter {
  readonly after?: number;
  readonly count?: number;
}

const addFilter = (command: Command): Command =>
  command
    .option('--type <type>', 'events of this type')
    .option('--subject <subject>', 'events about this')
    .option('--actor <actor>', 'events caused by this actor, as agent:<did> or apiKey:<id>')
    .option('--correlation-id <id>', 'of this conversation');

const vkeyOption = [
  '--vkey <file>',
  'file with the verifier key (default: audit.vkey in the data folder)',
] as const;

/** `audit export|verify-export|tail` */
export function registerExport(command: Command, context: () => Context): void {
  addFilter(addAdminOptions(command.command('export')))
    .description('write the audit trail into a file that proves itself')
    .requiredOption('--out <file>', 'the file; it appears when it is whole')
    .addOption(choice('--format <format>', 'how it is written', exportFormat.options).default('ndjson'))
    .option('--from <time>', 'not before (RFC 3339)')
    .option('--to <time>', 'before (RFC 3339)')
    .option('--about <subject>', 'all that is known of one instead: a DID, user:<id> or apiKey:<id>')
    .option('--checkpoint <file>', 'an older checkpoint, which the export is to prove its log to continue')
    .option(...vkeyOption)
    .action(act((options: ExportOptions) => exportTrail(context(), options)));
  command
    .command('verify-export')
    .description('prove, offline, that an export is whole and that its events are in the audit log')
    .argument('<file>', 'the export')
    .option(...vkeyOption)
    .option('--checkpoint <file>', 'an older checkpoint, which the log of the export must continue')
    .action(act((file: string, options: VerifyOptions) => verify(context(), file, options)));
  addFilter(addAdminOptions(command.command('tail')))
    .description('events of the audit trail as they enter the log, until Ctrl-C')
    .option('--after <index>', 'begin behind this entry of the log', wholeNumber(0, Number.MAX_SAFE_INTEGER))
    .option('--count <n>', 'end after so many', wholeNumber(1, 1_000_000_000))
    .action(act((options: TailOptions) => tail(context(), options)));
}

async function exportTrail(context: Context, options: ExportOptions): Promise<void> {
  const { output, progress } = context;
  const client = await new Connection(context, options).asAdmin();
  const older =
    options.checkpoint === undefined ? undefined : await readText(options.checkpoint, 'checkpoint');
  const size = sizeOf(Buffer.from((await client.audit.checkpoint()).body, 'base64url').toString());
  const since = older === undefined ? undefined : sizeOf(older);
  const vkey = await readFile(vkeyFileOf(context, options), 'utf8').catch(() => undefined);
  const chunks = await open(client, options, since);
  const check = vkey === undefined ? undefined : { vkey, checkpoint: older };
  const written = await writeExport({ chunks, file: options.out, size, progress, check });
  if (vkey === undefined)
    progress.warn('not verified: there is no verifier key here; name it with --vkey <file>');
  const { out, format } = options;
  const { lines, linesPerSecond } = written;
  output.data(
    { file: out, format, ...written, verified: vkey !== undefined },
    () => `${out}: ${lines} lines, ${linesPerSecond} a second.`,
  );
}

function open(
  client: Concordat,
  { about, format, from, to, type, subject, actor, correlationId }: ExportOptions,
  since: number | undefined,
): Promise<AsyncIterable<Uint8Array>> {
  const filter = { from, to, type, subject, actor, correlationId };
  if (about === undefined) return client.audit.export({ format, ...filter, since });
  if (format !== 'ndjson' || Object.values(filter).some((value) => value !== undefined))
    throw new UserError(
      'All that is known of one is written as ndjson, without a filter: leave the other options out.',
    );
  return client.audit.exportSubject({ subject: about as never, since });
}

async function verify(context: Context, file: string, options: VerifyOptions): Promise<void> {
  const vkeyFile = vkeyFileOf(context, options);
  const vkey = await readText(vkeyFile, 'verifier key');
  const checkpoint =
    options.checkpoint === undefined ? undefined : await readText(options.checkpoint, 'checkpoint');
  const verdict = await verifyExport(createReadStream(file), { vkey, checkpoint });
  context.output.data(verdict, () => {
    if (!verdict.ok)
      return visible(`✗  ${file}${verdict.line === null ? '' : `, line ${verdict.line}`}: ${verdict.reason}`);
    const { manifest, closed } = verdict;
    return [
      `Proven: ${manifest.count} events are in the log "${verdict.checkpoint.origin}" of ${verdict.checkpoint.size}, in this order,`,
      `and ${visible(file)} is as it was written for ${visible(manifest.reader)} at ${visible(manifest.exportedAt)}.`,
      ...(closed > 0 ? [`The content of ${closed} was erased.`] : []),
      ...(checkpoint === undefined ? [] : ['The log continues the older checkpoint.']),
      `Key: ${vkeyFile}`,
    ].join('\n');
  });
  if (!verdict.ok) process.exitCode = 1;
}

async function tail(context: Context, options: TailOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const { type, subject, actor, correlationId, after: lastEventId } = options;
  let left = options.count ?? Infinity;
  const events = client.audit.follow({ type, subject, actor, correlationId, lastEventId });
  for await (const event of events) {
    const { time, id } = event;
    await context.output.line(event, () =>
      visible(`${time}  ${event.type}  ${event.subject}  ${event.actor}  ${id}`),
    );
    if (--left === 0) return;
  }
}

const vkeyFileOf = ({ dataDirectory }: Context, { vkey }: { readonly vkey?: string }): string =>
  vkey ?? dataFolder(dataDirectory).vkeyFile;

async function readText(file: string, what: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.trim() !== '') return text;
  throw new UserError(`There is no ${what} in ${file}.`);
}

/** Second line of a checkpoint. @throws UserError when it is none */
function sizeOf(checkpoint: string): number {
  const size = Number(checkpoint.split('\n')[1]);
  if (Number.isSafeInteger(size) && size > 0) return size;
  throw new UserError('The checkpoint is none: its second line is the size of the log.');
}
