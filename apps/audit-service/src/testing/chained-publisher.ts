import {
  chainParts,
  type EventEnvelope,
  eventId,
  formatPosition,
  origin,
  sourceUri,
} from '@concordat/contracts';
import { chainHash, chainHeadBytes, chainStart, type Signer, toBase64url } from '@concordat/crypto';
import type { EventLog } from '@concordat/streams';

export type Draft = Pick<EventEnvelope, 'type' | 'subject'> &
  Partial<Pick<EventEnvelope, 'tenant' | 'actor' | 'time' | 'correlation' | 'traceparent'>> & {
    readonly data: object;
  };

const batchSize = 256;

/** Publishes as the relay of a service does: contiguous, chained, the last entry of every batch signed. */
export class ChainedPublisher {
  #at = origin;
  #hash = chainStart;

  constructor(
    readonly source: string,
    private readonly log: Pick<EventLog, 'append'>,
    private readonly signer: Signer,
    private readonly epoch = 1_763_640_000_000,
  ) {}

  /** @returns what was published */
  async publish(drafts: readonly Draft[]): Promise<EventEnvelope[]> {
    const published: EventEnvelope[] = [];
    for (let first = 0; first < drafts.length; first += batchSize) {
      const expected = this.#at;
      const batch = drafts.slice(first, first + batchSize).map((draft) => this.#next(draft));
      const last = batch.pop()!;
      const head = chainHeadBytes(this.source, formatPosition(last.at), last.hash!);
      batch.push({ ...last, signatures: await this.signer.sign(head) });
      await this.log.append(this.source, expected, batch);
      published.push(...batch);
    }
    return published;
  }

  #next({ data, ...draft }: Draft): EventEnvelope {
    const at = { epoch: this.epoch, position: this.#at.position + 1 };
    const open = {
      ...{ tenant: 'default', actor: 'service:iam', time: new Date().toISOString() },
      ...{ correlation: null, traceparent: null, stream: 'test/1', version: at.position },
      ...draft,
      ...{ id: eventId(this.source, at), source: sourceUri(this.source), at, prev: this.#at },
      data: JSON.stringify(data),
    };
    const prevHash = toBase64url(this.#hash);
    this.#hash = chainHash(this.#hash, ...chainParts(open));
    this.#at = at;
    return { ...open, prevHash, hash: toBase64url(this.#hash), signatures: [] };
  }
}
