import type { AlgorithmValue, Service } from '@concordat/contracts';
import { blockMs } from './node-connection';
import { type RedisConnection, untilBack } from './redis-connection';
import { fromRedisError } from './redis-error';
import { ControlLaneCheck, type ControlVerdict } from './control-lane';
import { streamKeys } from './keys';

export interface ControlLaneReaderOptions {
  /** A connection of its own. */
  readonly blocking: RedisConnection;
  readonly service: Service;
  readonly trusted: readonly AlgorithmValue[];
  readonly nowMs: () => number;
  readonly onVerdict: (verdict: ControlVerdict) => void;
  readonly onError: (error: unknown) => void;
}

/** Reads the control lane of a service from now on, until it is stopped. */
export class ControlLaneReader {
  readonly #check: ControlLaneCheck;
  #after: string | undefined;
  #isStopped = false;
  #loop: Promise<void> | undefined;

  constructor(private readonly options: ControlLaneReaderOptions) {
    this.#check = new ControlLaneCheck(options.service, options.trusted, options.nowMs);
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.options.blocking.disconnect();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#isStopped) {
      try {
        this.#after ??= await this.#newestId();
        await this.#read(this.#after);
      } catch (error) {
        // The Redis behind may have come back empty, with other ids: begin at its end again.
        this.#after = undefined;
        if (this.#isStopped) return;
        this.options.onError(fromRedisError(error));
        await untilBack(this.options.blocking);
      }
    }
  }

  async #newestId(): Promise<string> {
    const [newest] = await this.options.blocking.xrevrange(
      streamKeys.control(this.options.service),
      '+',
      '-',
      'COUNT',
      1,
    );
    return newest?.[0] ?? '0-0';
  }

  async #read(after: string): Promise<void> {
    const { blocking, service, onVerdict } = this.options;
    const reply = await blocking.xread(
      'COUNT',
      100,
      'BLOCK',
      blockMs,
      'STREAMS',
      streamKeys.control(service),
      after,
    );
    for (const [, entries] of reply ?? []) {
      for (const [id, fields] of entries as [string, string[]][]) {
        this.#after = id;
        const named = new Map(fields.map((field, index) => [field, fields[index + 1] ?? '']));
        onVerdict(this.#check.accept(named.get('body') ?? '', named.get('sig') ?? ''));
      }
    }
  }
}
