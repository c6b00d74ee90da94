import { ConcordatError } from '@concordat/contracts';
import { parseTileIndex, tileWidthIn, toBase64url, utf8 } from '@concordat/crypto';
import type { OperationHandlers } from '@concordat/runtime';
import type { Covered } from './covered';
import type { LogIdentity } from './log-identity';
import type { Cosignatures } from '../witness/cosignatures';
import type { LogReader } from './log-reader';

export interface LogPorts {
  readonly identity: LogIdentity;
  readonly covered: Covered;
  readonly cosignatures: Cosignatures;
  readonly reader: LogReader;
}

/** An answer that is not JSON goes out as these bytes. */
const file = (bytes: Uint8Array) => ({ output: { body: toBase64url(bytes) }, position: null });

/**
 * The log for everybody (C2SP tlog-tiles): checkpoint, key, tiles, entries, consistency proofs. Anonymous and cacheable,
 * so unlike queries these reads are not audited: a log that grew by being read would never come to rest.
 */
export function logHandlers({ identity, covered, cosignatures, reader }: LogPorts) {
  /** @throws ConcordatError NOT_FOUND beyond the checkpoint, and for paths that are not canonical */
  const widthOf = (level: number, path: string): { index: number; width: number } => {
    const asked = parseTileIndex(path);
    // A full tile is asked for by its bare name, and is not there before it is full.
    if (!asked || asked.width > tileWidthIn(covered.size, { level, index: asked.index }))
      throw new ConcordatError('NOT_FOUND', 'The log has no such tile.');
    return asked;
  };
  const entries = async (path: string) => {
    const { index, width } = widthOf(0, path);
    return file(await reader.entries(index, width));
  };
  return {
    'audit.checkpoint': async () => {
      const { checkpoint } = covered;
      if (!checkpoint) throw new ConcordatError('SERVICE_UNAVAILABLE', 'The log is not read yet.');
      return file(utf8(checkpoint.note + cosignatures.of(checkpoint.size)));
    },
    'audit.key': async () => file(utf8(`${identity.vkey}\n`)),
    'audit.tile': async ({ level, index: path }) => {
      if (level === 'entries') return entries(path);
      const { index, width } = widthOf(Number(level), path);
      return file(await reader.tile({ level: Number(level), index }, width));
    },
    'audit.entries': async ({ index }) => entries(index),
    'audit.consistencyProof': async ({ from, to }) => {
      if (from > to || to > covered.size) throw new ConcordatError('TREE_SIZE_INVALID');
      const proof = await reader.consistencyProof(from, to);
      return { output: { from, to, proof: proof.map(toBase64url) }, position: null };
    },
  } satisfies OperationHandlers;
}
