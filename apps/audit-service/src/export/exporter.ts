import {
  chainedLine,
  type ExportManifest,
  type ExportRecord,
  formats,
  signManifest,
} from '@concordat/audit-export';
import type { ExportFormat } from '@concordat/contracts';
import { canonicalJson, sha256, toBase64url } from '@concordat/crypto';
import type { Clock, Logger } from '@concordat/runtime';
import { openEvent } from '../event/event.handler';
import type { EventFilter, EventQueries } from '../event/event-queries';
import type { EventRow } from '../event/event-row';
import type { EventSealer } from '../leaf/event-sealer';
import type { LogIdentity } from '../log/log-identity';
import type { LogReader } from '../log/log-reader';
import { placeOf, toItem } from '../message/message.handler';
import type { MessageQueries } from '../message/message-queries';
import type { Reach } from '../trail/trail';
import type { ExportPlace } from './export-place';

/** Lines of one chunk, and entries that one query looks at: each is answered in a fraction of the time that there is. */
const [linesAtOnce, window] = [200, 50_000];
/** Nothing found for so long: the caller hears that it goes on. */
const scanMs = 400;

export interface ExporterPorts {
  readonly events: EventQueries;
  readonly messages: MessageQueries;
  readonly reader: LogReader;
  readonly sealer: EventSealer;
  readonly identity: LogIdentity;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What is to be exported, and for whom. */
export interface ExportJob {
  readonly format: ExportFormat;
  readonly reach: Reach;
  readonly filter: EventFilter;
  /** Agents whose messages belong to it. */
  readonly agents: readonly string[];
  readonly since: number | undefined;
  /** What the manifest says of the question. */
  readonly about: Pick<ExportManifest, 'tenant' | 'reader' | 'subject' | 'filter'>;
}

export interface Exported {
  readonly lines: string;
  /** null: that was all. */
  readonly place: ExportPlace | null;
}

/** Writes an export piece by piece. Between two pieces nothing is kept but their place. */
export class Exporter {
  constructor(private readonly ports: ExporterPorts) {}

  next(job: ExportJob, place: ExportPlace): Promise<Exported> {
    if (place.scan < place.size) return this.#events(job, place);
    return job.agents.length > 0 && !place.isTold ? this.#messages(job, place) : this.#end(job, place);
  }

  async #events(job: ExportJob, place: ExportPlace): Promise<Exported> {
    const { rows, scan } = await this.#scan(job, place);
    const records = await this.#records(rows, place.proven);
    const last = rows.at(-1)?.logIndex ?? place.last;
    return written(job, records, {
      ...{ ...place, scan, last, count: place.count + rows.length },
      first: place.first ?? rows[0]?.logIndex ?? null,
      proven: last === null ? 0 : last + 1,
    });
  }

  async #scan({ reach, filter }: ExportJob, { scan: from, size }: ExportPlace) {
    const endMs = performance.now() + scanMs;
    for (let begin = from; ;) {
      const end = Math.min(size, begin + window);
      const { rows, isLast } = await this.ports.events.forward(reach, filter, { begin, end }, linesAtOnce);
      const scan = isLast ? end : rows.at(-1)!.logIndex + 1;
      if (rows.length > 0 || scan === size || performance.now() >= endMs) return { rows, scan };
      begin = scan;
    }
  }

  async #records(rows: readonly EventRow[], proven: number): Promise<ExportRecord[]> {
    const { reader } = this.ports;
    const begins = [proven, ...rows.map(({ logIndex }) => logIndex + 1)];
    const [gaps, opened] = await Promise.all([
      reader.subtrees(rows.map(({ logIndex: end }, i) => ({ begin: begins[i]!, end }))),
      Promise.all(rows.map((row) => openEvent(this.ports, row))),
    ]);
    const leaves = await reader.leaves(rows.filter((_, i) => !opened[i]).map(({ logIndex }) => logIndex));
    return rows.map(({ logIndex, body }, i): ExportRecord => {
      const gap = gaps[i]!.map(toBase64url);
      if (!opened[i])
        return { kind: 'closed', logIndex, gap, leaf: Buffer.from(leaves.get(logIndex)!).toString() };
      const { event, salt } = opened[i];
      return {
        kind: 'event',
        logIndex,
        gap,
        event,
        salt: toBase64url(salt),
        body: toBase64url(sha256(body)),
      };
    });
  }

  async #messages(job: ExportJob, place: ExportPlace): Promise<Exported> {
    const { tenant } = job.about;
    const { rows, isLast } = await this.ports.messages.forward(
      tenant,
      job.agents,
      place.message,
      linesAtOnce,
    );
    const items = await Promise.all(rows.map((row) => toItem(this.ports, row)));
    const records = items.map((item): ExportRecord => ({ kind: 'message', message: canonicalJson(item) }));
    const last = rows.at(-1);
    return written(job, records, {
      ...{ ...place, messages: place.messages + rows.length, isTold: isLast },
      message: last ? placeOf(last) : place.message,
    });
  }

  async #end({ format, about, since }: ExportJob, place: ExportPlace): Promise<Exported> {
    const { reader, identity, clock } = this.ports;
    const { size, proven, chain: digest, count, first, last, messages } = place;
    const [[gap], checkpoint, proof] = await Promise.all([
      reader.subtrees([{ begin: proven, end: size }]),
      reader.checkpoint(size),
      since === undefined ? undefined : reader.consistencyProof(since, size),
    ]);
    const manifest = signManifest(
      {
        ...{ v: 1, format, exportedAt: clock.now().toISOString(), ...about },
        ...{ count, first, last, messages, digest, gap: gap!.map(toBase64url), checkpoint },
        consistency: since === undefined ? null : { from: since, proof: proof!.map(toBase64url) },
      },
      identity.signer,
    );
    return { lines: `${formats[format].renderManifest(manifest)}\n`, place: null };
  }
}

function written({ format }: ExportJob, records: readonly ExportRecord[], place: ExportPlace): Exported {
  let { chain } = place;
  const lines = records.map((record) => {
    const next = chainedLine(formats[format], record, chain);
    chain = next.chain;
    return `${next.line}\n`;
  });
  return { lines: lines.join(''), place: { ...place, chain } };
}
