import type { OperationName, OperationRequest } from '@concordat/contracts';
import {
  type Checkpoint,
  emptyRoot,
  formatTileIndex,
  fromBase64url,
  leafHash,
  nodeHash,
  openNote,
  parseCheckpoint,
  parseVerifierKey,
  tileWidth,
} from '@concordat/crypto';
import type { Caller } from '@concordat/testing';

/**
 * A client of the published log, as a third party would write it from RFC 6962 and the C2SP texts: it shares no tree code
 * with the service.
 */
export class LogClient {
  constructor(private readonly caller: Caller) {}

  async checkpoint(): Promise<Checkpoint & { note: string }> {
    const note = Buffer.from(await this.fetch('audit.checkpoint', {})).toString();
    const vkey = Buffer.from(await this.fetch('audit.key', {})).toString();
    return { ...parseCheckpoint(openNote(note, parseVerifierKey(vkey))), note };
  }

  /** All entries below `size`, out of full and partial bundles. */
  async entries(size: number): Promise<Buffer[]> {
    const entries: Buffer[] = [];
    for (let index = 0; index * tileWidth < size; index++) {
      const width = Math.min(tileWidth, size - index * tileWidth);
      const path = formatTileIndex(index, width);
      const bundle = Buffer.from(await this.fetch('audit.tile', { level: 'entries', index: path }));
      for (let at = 0; at < bundle.byteLength;) {
        const length = bundle.readUInt16BE(at);
        entries.push(bundle.subarray(at + 2, at + 2 + length));
        at += 2 + length;
      }
    }
    return entries;
  }

  tile(level: number, index: string): Promise<Uint8Array> {
    return this.fetch('audit.tile', { level: String(level), index });
  }

  async fetch<N extends 'audit.checkpoint' | 'audit.key' | 'audit.tile' | 'audit.entries'>(
    operation: N,
    input: OperationRequest<N & OperationName>,
  ): Promise<Uint8Array> {
    const { output } = await this.caller.call(operation, input);
    return fromBase64url(output.body)!;
  }
}

/** RFC 6962 §2.1, recursive, over the bytes of all leaves. */
export function rootOf(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leafHash(leaves[0]!);
  const half = 2 ** Math.ceil(Math.log2(leaves.length) - 1);
  return nodeHash(rootOf(leaves.slice(0, half)), rootOf(leaves.slice(half)));
}
