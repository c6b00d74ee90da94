import { findCosignature, formatAddCheckpoint } from '@concordat/crypto';
import type { Clock, Logger } from '@concordat/runtime';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Covered, SignedCheckpoint } from '../log/covered';
import type { LogReader } from '../log/log-reader';
import type { AuditStore } from '../store/audit-store';
import { queryRows } from '../store/bulk';
import type { Cosignatures } from './cosignatures';
import { LogCosignature } from './witness-rows';
import type { WitnessAddress } from './witness-settings';

/** How often it is looked for a new checkpoint, and how long a witness that failed is left alone. */
const lookMs = 500;
const pauseMs = 30_000;
const answerMs = 5_000;
const answerBytes = 16_384;

const keepSql = `INSERT INTO log_cosignatures (witness, size, line) VALUES (?, ?, ?)
  ON CONFLICT (witness) DO UPDATE SET size = excluded.size, line = excluded.line`;

export interface SubmissionPorts {
  readonly witnesses: readonly WitnessAddress[];
  readonly store: AuditStore;
  readonly covered: Covered;
  readonly reader: LogReader;
  readonly cosignatures: Cosignatures;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Has our checkpoints cosigned by the witnesses of the settings (C2SP tlog-witness), each by itself: one that is away holds
 * up nobody. Only what the witness has really cosigned is kept.
 */
export class WitnessSubmissionJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #pausedUntil = new Map<string, number>();
  /** Where a witness is, when that is not what it has cosigned for us. */
  readonly #oldSizes = new Map<string, number>();
  readonly #abort = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();
  #isLoaded = false;

  constructor(private readonly ports: SubmissionPorts) {}

  onApplicationBootstrap(): void {
    if (this.ports.witnesses.length > 0) this.#plan();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#abort.abort();
    clearTimeout(this.#timer);
    await this.#running;
  }

  #plan(): void {
    if (this.#abort.signal.aborted) return;
    this.#timer = setTimeout(() => {
      this.#running = this.#look()
        .catch((error: unknown) => this.ports.logger.warn({ error }, 'checkpoints are not cosigned'))
        .finally(() => this.#plan());
    }, lookMs);
  }

  async #look(): Promise<void> {
    const { covered, witnesses } = this.ports;
    const { checkpoint } = covered;
    if (!checkpoint) return;
    await this.#load();
    await Promise.all(witnesses.map((witness) => this.#submit(witness, checkpoint)));
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    const { store, cosignatures } = this.ports;
    const rows = await store.read((em) => em.find(LogCosignature, {}));
    for (const { witness, size, line } of rows) cosignatures.keep(witness, size, line);
    this.#isLoaded = true;
  }

  async #submit(witness: WitnessAddress, checkpoint: SignedCheckpoint): Promise<void> {
    const { vkey, url } = witness;
    const { cosignatures, clock, logger } = this.ports;
    const now = clock.now().getTime();
    if (cosignatures.sizeOf(vkey) === checkpoint.size || (this.#pausedUntil.get(vkey) ?? 0) > now) return;
    try {
      // A second time when the witness says that it is elsewhere than we thought.
      if (!(await this.#ask(witness, checkpoint))) await this.#ask(witness, checkpoint);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#pausedUntil.set(vkey, now + pauseMs);
      logger.warn({ error, url }, 'a witness does not cosign');
    }
  }

  /** @returns false when the witness has cosigned another size last, which is known then */
  async #ask({ vkey, url, verifier }: WitnessAddress, { size, note }: SignedCheckpoint): Promise<boolean> {
    const { store, reader, cosignatures, logger } = this.ports;
    const oldSize = this.#oldSizes.get(vkey) ?? cosignatures.sizeOf(vkey);
    if (oldSize > size) {
      logger.error(
        { url, oldSize, size },
        'a witness has cosigned a longer log than ours: was it rolled back?',
      );
      throw new Error('the witness has cosigned a longer log');
    }
    const proof = oldSize === 0 ? [] : await reader.consistencyProof(oldSize, size);
    const { status, body } = await this.#post(url, formatAddCheckpoint({ oldSize, proof, note }));
    if (status === 409 && /^(0|[1-9]\d{0,15})\n$/.test(body)) {
      this.#oldSizes.set(vkey, Number(body));
      return false;
    }
    const cosignature = status === 200 ? findCosignature(note + body, verifier) : undefined;
    if (!cosignature) throw new Error(`the witness answers with ${status} and no cosignature of its key`);
    const { line } = cosignature;
    await store.transaction((em) => queryRows(em, keepSql, [vkey, size, line]));
    cosignatures.keep(vkey, size, line);
    this.#oldSizes.delete(vkey);
    return true;
  }

  async #post(url: string, body: string): Promise<{ status: number; body: string }> {
    const signal = AbortSignal.any([this.#abort.signal, AbortSignal.timeout(answerMs)]);
    const headers = { 'content-type': 'text/plain; charset=utf-8' };
    const options = { method: 'POST', body, headers, signal, redirect: 'error' } as const;
    const response = await fetch(`${url}/add-checkpoint`, options);
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of response.body ?? []) {
      bytes += chunk.byteLength;
      if (bytes > answerBytes) throw new Error('the answer of the witness is too long');
      chunks.push(chunk);
    }
    return { status: response.status, body: Buffer.concat(chunks).toString('utf8') };
  }
}
