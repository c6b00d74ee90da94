import { resolve } from 'node:path';
import { type Command } from 'commander';
import { downloadLog } from '../audit/download-log';
import { gatewayLog } from '../audit/gateway-log';
import { LogFolder } from '../audit/log-folder';
import { act, during } from '../client/act';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context, UserError } from '../context';
import { eventsOf } from './audit-verify';

interface DownloadOptions extends ConnectionOptions {
  readonly event?: string;
  readonly allOfCorrelation?: string;
}

/** `audit download`: what `audit verify --bundle` needs. */
export function registerDownload(command: Command, context: () => Context): void {
  addAdminOptions(command.command('download'))
    .description('download the log, or proofs of events, to be verified offline')
    .argument('<dir>', 'folder; a download that was broken off goes on there')
    .option('--event <id>', 'only the proof of this event')
    .option('--all-of-correlation <id>', 'only the proofs of all events of a conversation')
    .action(act((dir: string, options: DownloadOptions) => download(context(), dir, options)));
}

async function download(context: Context, dir: string, options: DownloadOptions): Promise<void> {
  if (options.event !== undefined && options.allOfCorrelation !== undefined)
    throw new UserError('Say what to download: either --event <id>, or --all-of-correlation <id>.');
  const folder = new LogFolder(resolve(dir));
  const isWhole = options.event === undefined && options.allOfCorrelation === undefined;
  await (isWhole ? downloadWhole : downloadProofs)(context, folder, options);
}

async function downloadWhole(
  { output, progress, ...context }: Context,
  folder: LogFolder,
  options: DownloadOptions,
): Promise<void> {
  const client = await new Connection({ output, progress, ...context }, options).asStranger();
  let shown = performance.now();
  const done = await downloadLog(gatewayLog(client), folder, (files, all) => {
    if (performance.now() - shown < 1_000) return;
    shown = performance.now();
    progress.doing(`${files} of ${all} files`);
  }).finally(() => progress.end());
  const { origin, size, fetched } = done;
  output.data({ directory: folder.directory, ...done }, () =>
    [
      `The log "${origin}" of ${size} entries is in ${folder.directory}; ${fetched} files were fetched.`,
      'Verify it, also without a network, with: ./concordat audit verify --bundle <dir> --vkey <file>',
      'The file vkey in the folder came with it and proves nothing: pin the key from another source.',
    ].join('\n'),
  );
}

/** Proofs asked for at the same time. */
const atOnce = 8;

async function downloadProofs(
  context: Context,
  folder: LogFolder,
  { event, allOfCorrelation, ...options }: DownloadOptions,
): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const ids = event === undefined ? await eventsOf(client, allOfCorrelation!) : [event];
  const keep = async (eventId: string): Promise<void> =>
    folder.keepProof(await client.audit.inclusion({ eventId }));
  const keepAll = async (): Promise<void> => {
    for (let first = 0; first < ids.length; first += atOnce)
      await Promise.all(ids.slice(first, first + atOnce).map(keep));
  };
  await during(context.progress, `downloading ${ids.length} proofs`, keepAll());
  context.output.data({ directory: folder.directory, eventIds: ids }, () =>
    [
      `${ids.length === 1 ? 'The proof is' : `${ids.length} proofs are`} in ${folder.directory}, with the content of the events: keep it safe.`,
      'Verify with: ./concordat audit verify --bundle <dir> --vkey <file>',
    ].join('\n'),
  );
}
