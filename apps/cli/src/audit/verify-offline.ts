import { stat } from 'node:fs/promises';
import { inclusionBundle, type InclusionBundle } from '@concordat/contracts';
import { type LogFiles, type LogFault, type LogVerdict, verifyLog } from '@concordat/crypto';
import { provenBy, type ProvenEvent } from '../client/prove-events';
import { readJsonFile } from '../client/json-file';
import { type Context, UserError } from '../context';
import { LogFolder } from './log-folder';

/** The verdict on a whole log, for programs. */
export interface LogReport extends LogVerdict {
  readonly origin: string | null;
  readonly entriesPerSecond: number;
  /** Where the events that were asked for are. */
  readonly found: readonly { readonly eventId: string; readonly index: number }[];
}

export interface LogQuestion {
  readonly vkey: string;
  readonly older: string | undefined;
  readonly eventId: string | undefined;
}

/** Verifies a whole log, wherever it is. */
export async function reportLog(
  files: LogFiles,
  { vkey, older, eventId }: LogQuestion,
  progress: Context['progress'],
): Promise<LogReport> {
  const found: LogReport['found'][number][] = [];
  const begun = performance.now();
  let shown = begun;
  const verdict = await verifyLog(files, {
    ...{ vkey, older },
    onEntry: eventId === undefined ? undefined : finder(eventId, found),
    onProgress: (entries, size) => {
      if (performance.now() - shown < 1_000) return;
      shown = performance.now();
      progress.doing(`verified ${entries} of ${size} entries`);
    },
  });
  progress.end();
  const seconds = Math.max(0.001, (performance.now() - begun) / 1_000);
  const origin = verdict.checkpoint?.origin ?? null;
  return { ...verdict, origin, entriesPerSecond: Math.round(verdict.entries / seconds), found };
}

function finder(eventId: string, found: LogReport['found'][number][]) {
  const part = `"id":${JSON.stringify(eventId)}`;
  return (index: number, leaf: Uint8Array): void => {
    if (!Buffer.from(leaf.buffer, leaf.byteOffset, leaf.byteLength).includes(part)) return;
    const { id } = JSON.parse(Buffer.from(leaf).toString('utf8')) as { id?: unknown };
    if (id === eventId) found.push({ eventId, index });
  };
}

/** Proofs of events that were downloaded: a file with one, or those in a folder. */
export async function proofsIn(path: string, eventId: string | undefined): Promise<InclusionBundle[]> {
  const files = (await isFolder(path)) ? await new LogFolder(path).proofFiles(eventId) : [path];
  return Promise.all(files.map(readProof));
}

export async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    throw new UserError(`${path} cannot be read. Download a log with: ./concordat audit download <dir>`);
  }
}

async function readProof(file: string): Promise<InclusionBundle> {
  const parsed = inclusionBundle.safeParse(await readJsonFile(file));
  if (!parsed.success) throw new UserError(`${file} is not a proof of an event.`);
  return parsed.data;
}

/** @param correlationId only events of this conversation, as their disclosed content says */
export function proveOffline(
  bundles: readonly InclusionBundle[],
  vkey: string,
  correlationId: string | undefined,
): ProvenEvent[] {
  const wanted = bundles.filter(
    ({ disclosure }) => correlationId === undefined || correlationOf(disclosure?.event) === correlationId,
  );
  return wanted.map((bundle) => provenBy(bundle, vkey));
}

function correlationOf(event: string | undefined): unknown {
  try {
    return (JSON.parse(event ?? 'null') as { correlation?: unknown } | null)?.correlation;
  } catch {
    return undefined;
  }
}

/** For people: what was verified, or the first that is wrong. */
export function logSummaryOf(report: LogReport, vkeyFile: string): string {
  const { ok, origin, entries, entriesPerSecond, faults, found } = report;
  if (!ok) return [`The log is NOT verified.`, ...faults.slice(0, 10).map(faultLine)].join('\n');
  return [
    `Verified: all ${entries} entries of the log "${origin}", up to the root that the key in ${vkeyFile} has signed;`,
    `checked on this machine, ${entriesPerSecond} entries a second.`,
    ...found.map(({ eventId, index }) => `${eventId} is entry ${index}.`),
  ].join('\n');
}

const faultLine = ({ index, eventId, detail }: LogFault): string =>
  `✗ ${index === null ? 'the log' : `entry ${index}`}${eventId === null ? '' : ` (${eventId})`}: ${detail}`;
