import type { ExportFormat } from '@concordat/contracts';
import {
  buildLeaf,
  canonicalJson,
  consistencyProof,
  coveringNodes,
  ed25519PublicKey,
  formatCheckpoint,
  formatVerifierKey,
  leafHash,
  nodeHash,
  type NodeSource,
  noteSigner,
  rootHash,
  sha256,
  signNote,
  toBase64url,
} from '@concordat/crypto';
import { chainedLine, chainStart } from './chain';
import { formats } from './formats';
import { type ExportManifest, signManifest } from './manifest';
import type { ExportRecord } from './record';

export const signerOf = (seed: number) => {
  const secretKey = new Uint8Array(32).fill(seed);
  return noteSigner('example.org/log', { secretKey, publicKey: ed25519PublicKey(secretKey) });
};
export const vkey = formatVerifierKey(signerOf(1));

/** What a reader of the log finds at an index: an event, one that is closed, or one that is not for this reader. */
export type Entry = 'event' | 'closed' | 'foreign';

/** A text that every format has to escape. */
export const awkward = 'a|b=c\\d\n"é\u2028😀\r\t\u0000 ConcordatChain=x';

/** A log, and its exports. */
export class TestLog {
  readonly #events: { readonly event: string; readonly salt: Uint8Array; readonly body: Uint8Array }[];
  readonly #leaves: Uint8Array[];

  constructor(
    readonly entries: readonly Entry[],
    seed = '',
  ) {
    this.#events = entries.map((_, index) => {
      const id = `iam:1:${index + 1}`;
      const type = ['agent.registered', 'session.opened', 'login.refused', 'memory.read'][index % 4]!;
      const fields = {
        ...{ id, type: `concordat.iam.${type}.v1`, time: '2026-01-01T00:00:00.123Z', tenant: 'default' },
        ...{ actor: `agent:${index % 3}`, subject: `${seed}${awkward}`, source: '/concordat/iam' },
        ...{
          correlation: index % 2 === 0 ? null : 'c',
          traceparent: null,
          data: JSON.stringify({ awkward }),
        },
      };
      return { event: canonicalJson(fields), salt: sha256(`salt ${index}`), body: sha256(`body ${index}`) };
    });
    this.#leaves = this.#events.map((opened) => buildLeaf({ ...JSON.parse(opened.event), ...opened }));
  }

  readonly nodes: NodeSource = (level, index) =>
    level === 0
      ? leafHash(this.#leaves[index]!)
      : nodeHash(this.nodes(level - 1, 2 * index), this.nodes(level - 1, 2 * index + 1));

  checkpoint(size = this.entries.length, seed = 1): string {
    const signer = signerOf(seed);
    return signNote(
      formatCheckpoint({ origin: signer.name, size, root: rootHash(this.nodes, size) }),
      signer,
    );
  }

  /** Records of the events that the reader sees. */
  records(): ExportRecord[] {
    let next = 0;
    return this.entries.flatMap((entry, logIndex): ExportRecord[] => {
      if (entry === 'foreign') return [];
      const gap = this.gap(next, logIndex);
      next = logIndex + 1;
      const { event, salt, body } = this.#events[logIndex]!;
      if (entry === 'closed')
        return [{ kind: 'closed', logIndex, gap, leaf: Buffer.from(this.#leaves[logIndex]!).toString() }];
      return [{ kind: 'event', logIndex, gap, event, salt: toBase64url(salt), body: toBase64url(body) }];
    });
  }

  /** The export, line by line. @param over what the manifest says otherwise */
  lines(format: ExportFormat, over: Partial<ExportManifest> = {}, records = this.records()): string[] {
    let chain = chainStart;
    const lines = records.map((record) => {
      const next = chainedLine(formats[format], record, chain);
      chain = next.chain;
      return next.line;
    });
    const places = records.flatMap((record) => (record.kind === 'message' ? [] : [record.logIndex]));
    const manifest: ExportManifest = {
      ...{ v: 1, format, exportedAt: '2026-01-02T00:00:00.000Z', tenant: 'default', reader: 'apiKey:1' },
      ...{ subject: null, filter: {}, digest: chain, consistency: null, checkpoint: this.checkpoint() },
      ...{ count: places.length, first: places[0] ?? null, last: places.at(-1) ?? null },
      messages: records.length - places.length,
      gap: this.gap((places.at(-1) ?? -1) + 1, this.entries.length),
      ...over,
    };
    return [...lines, formats[format].renderManifest(signManifest(manifest, signerOf(1)))];
  }

  consistencySince(from: number): ExportManifest['consistency'] {
    return { from, proof: consistencyProof(this.nodes, from, this.entries.length).map(toBase64url) };
  }

  gap(begin: number, end: number): string[] {
    return [...coveringNodes(begin, end)].map(({ level, index }) => toBase64url(this.nodes(level, index)));
  }
}

/** A file in pieces. */
export async function* inPieces(file: string | Buffer, size = 1_000): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(file as string);
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

export const fileOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
