import { limits } from '@concordat/contracts';
import { type Concordat, type OperationOutput } from '@concordat/sdk';
import { type Command } from 'commander';
import { gatewayLog } from '../audit/gateway-log';
import { LogFolder } from '../audit/log-folder';
import {
  isFolder,
  logSummaryOf,
  type LogReport,
  proofsIn,
  proveOffline,
  reportLog,
} from '../audit/verify-offline';
import { databaseSummaryOf, verifyDatabase } from '../audit/verify-database';
import { act, during } from '../client/act';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { readBytes } from '../client/json-file';
import { proveEvents, type ProvenEvent, summaryOf } from '../client/prove-events';
import { readVkey } from '../client/vkey-file';
import { type Context, UserError } from '../context';
import { visible } from '../output';
import { dataFolder } from '../supervisor/provision';

interface VerifyOptions extends ConnectionOptions {
  readonly allOfCorrelation?: string;
  readonly vkey?: string;
  readonly bundle?: string;
  readonly checkpoint?: string;
  readonly database?: boolean;
}

/** `audit verify`: with a gateway, or offline with what was downloaded. */
export function registerVerify(command: Command, context: () => Context): void {
  addAdminOptions(command.command('verify'))
    .description('verify the whole log, or prove that events are in it, with the key pinned on this machine')
    .argument('[event-id]', 'id of one event (default: the whole log)')
    .option('--all-of-correlation <id>', 'all events of a conversation instead')
    .option('--bundle <path>', 'offline: the folder or the file that `audit download` has made')
    .option('--checkpoint <file>', 'an older checkpoint, which the log must continue')
    .option('--database', 'have audit-service verify its database against the log instead (operators)')
    .option('--vkey <file>', 'file with the verifier key (default: audit.vkey in the data folder)')
    .action(act((id: string | undefined, options: VerifyOptions) => verify(context(), id, options)));
}

interface Answer {
  /** null when only single events were asked for */
  readonly log: LogReport | null;
  readonly results: readonly ProvenEvent[];
}

async function verify(context: Context, id: string | undefined, options: VerifyOptions): Promise<void> {
  if (options.database === true) return verifyStored(context, id, options);
  if (id !== undefined && options.allOfCorrelation !== undefined)
    throw new UserError('Say what to verify: either an event id, or --all-of-correlation <id>.');
  const vkeyFile = options.vkey ?? dataFolder(context.dataDirectory).vkeyFile;
  const vkey = await readVkey(vkeyFile);
  const answer = await (options.bundle === undefined ? online : offline)(context, id, options, vkey);
  const { log, results } = answer;
  const ok = (log?.ok ?? true) && results.every((result) => result.ok);
  context.output.data({ ok, vkeyFile, ...answer }, () =>
    [
      ...(log ? [visible(logSummaryOf(log, vkeyFile), '\n')] : []),
      ...(results.length > 0 ? [summaryOf(results, vkeyFile)] : []),
    ].join('\n\n'),
  );
  if (!ok) process.exitCode = 1;
}

/** The database is verified where it is: nothing here could see into it. */
async function verifyStored(context: Context, id: string | undefined, options: VerifyOptions): Promise<void> {
  const { allOfCorrelation, bundle, checkpoint } = options;
  if ([id, allOfCorrelation, bundle, checkpoint].some((choice) => choice !== undefined))
    throw new UserError('--database is about all that is stored: leave out what names a part of it.');
  const client = await new Connection(context, options).asAdmin();
  const verification = await verifyDatabase(client, context.progress);
  context.output.data({ ok: verification.status === 'verified', ...verification }, () =>
    databaseSummaryOf(verification),
  );
  if (verification.status !== 'verified') process.exitCode = 1;
}

async function online(
  context: Context,
  id: string | undefined,
  options: VerifyOptions,
  vkey: string,
): Promise<Answer> {
  const { allOfCorrelation: correlationId } = options;
  const connection = new Connection(context, options);
  if (id === undefined && correlationId === undefined) {
    const older = await readOlder(options.checkpoint);
    const files = gatewayLog(await connection.asStranger());
    const log = await reportLog(files, { vkey, older, eventId: undefined }, context.progress);
    return { log, results: [] };
  }
  requireWholeLog(options);
  const client = await connection.asAdmin();
  const ids = id === undefined ? await eventsOf(client, correlationId!) : [id];
  const text = `verifying ${ids.length} events`;
  return { log: null, results: await during(context.progress, text, proveEvents(client, ids, vkey)) };
}

async function offline(
  { progress }: Context,
  eventId: string | undefined,
  options: VerifyOptions,
  vkey: string,
): Promise<Answer> {
  const { bundle: path = '', allOfCorrelation: correlationId } = options;
  const proofs = await proofsIn(path, eventId);
  const results = proveOffline(proofs, vkey, correlationId).filter(
    (result) => eventId === undefined || result.eventId === eventId,
  );
  const hasLog = (await isFolder(path)) && (await new LogFolder(path).has('checkpoint'));
  if (hasLog && (correlationId === undefined || options.checkpoint !== undefined)) {
    const older = await readOlder(options.checkpoint);
    const log = await reportLog(new LogFolder(path), { vkey, older, eventId }, progress);
    if (log.ok && eventId !== undefined && log.found.length === 0)
      throw new UserError(visible(`The log is whole, and ${eventId} is not in it.`));
    return { log, results };
  }
  requireWholeLog(options);
  if (results.length > 0) return { log: null, results };
  throw new UserError(
    `${path} holds neither a whole log nor a proof of what was asked for. Download one with: ./concordat audit download <dir>`,
  );
}

function requireWholeLog({ checkpoint }: VerifyOptions): void {
  if (checkpoint === undefined) return;
  throw new UserError('--checkpoint is compared with a whole log: leave out what names single events.');
}

const readOlder = async (file: string | undefined): Promise<string | undefined> =>
  file === undefined ? undefined : (await readBytes(file)).toString('utf8');

/** Ids of all events of a conversation. @throws UserError when there is none */
export async function eventsOf(client: Concordat, correlationId: string): Promise<string[]> {
  const ids: string[] = [];
  const limit = limits.pageItems;
  let cursor: string | undefined;
  do {
    const page: OperationOutput<'audit.events'> = await client.audit.events({ correlationId, cursor, limit });
    ids.push(...page.items.map((event) => event.id));
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  if (ids.length > 0) return ids;
  throw new UserError(`No event has the correlation id ${correlationId}. See: ./concordat audit search`);
}
