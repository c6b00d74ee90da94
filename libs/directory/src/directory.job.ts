import {
  anonymous,
  defaultTenant,
  type EventEnvelope,
  type OperationOutput,
  origin,
  type Position,
} from '@concordat/contracts';
import { type Logger, type Peers, problemListener, sleep, streamProblems } from '@concordat/runtime';
import {
  ControlLaneReader,
  type ControlVerdict,
  Follower,
  type GapError,
  placeAfter,
  type RedisConnection,
  type RedisEventLog,
  type RpcClient,
} from '@concordat/streams';
import type { BeforeApplicationShutdown, OnApplicationBootstrap } from '@nestjs/common';
import type { Directory } from './directory';
import type { Freshness } from './freshness';

export interface DirectoryJobOptions {
  readonly directory: Directory;
  readonly freshness: Freshness;
  readonly rpc: RpcClient;
  readonly log: RedisEventLog;
  /** A connection of its own, on the Redis that stores nothing. */
  readonly controlLane: RedisConnection;
  readonly peers: Peers;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

const retryMs = 200;
/** How often what has ended by itself is forgotten. */
const forgetMs = 60_000;

/** Keeps the directory up to date: control lane first, then a snapshot, then every event of iam-service. */
export class DirectoryJob implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #lane: ControlLaneReader;
  #follower: Follower | undefined;
  #isStopped = false;
  #starting: Promise<void> | undefined;
  #forgetting: NodeJS.Timeout | undefined;

  constructor(private readonly options: DirectoryJobOptions) {
    const { controlLane, peers, nowMs, logger } = options;
    this.#lane = new ControlLaneReader({
      blocking: controlLane,
      service: 'iam',
      trusted: peers.iam,
      nowMs,
      onVerdict: (verdict) => this.#onControl(verdict),
      onError: problemListener(logger, 'control lane'),
    });
  }

  onApplicationBootstrap(): void {
    this.#lane.start();
    this.#starting = this.#start();
    const { directory, nowMs } = this.options;
    this.#forgetting = setInterval(() => directory.forgetEnded(nowMs()), forgetMs).unref();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#forgetting);
    await this.#lane.stop();
    await this.#starting;
    await this.#follower?.stop();
  }

  async #start(): Promise<void> {
    const { log, peers, logger } = this.options;
    const after = await this.#load();
    if (this.#isStopped) return;
    this.#follower = new Follower([{ source: 'iam', after, trusted: peers.iam }], {
      log,
      count: 1_000,
      sleep,
      onEntries: async (bySource) => this.#apply(bySource.get('iam') ?? []),
      onGap: async (gap) => placeAfter(await this.#reload(gap)),
      onError: (error) => {
        streamProblems.inc({ source: 'iam', kind: 'read' });
        logger.warn({ error }, 'directory');
      },
    });
    this.#follower.start();
  }

  async #reload(gap: GapError): Promise<Position> {
    streamProblems.inc({ source: 'iam', kind: 'gap' });
    this.options.logger.warn({ reason: gap.message }, 'directory starts again from a snapshot');
    this.options.freshness.unloaded();
    this.options.directory.clear();
    return this.#load();
  }

  /** Reads a snapshot whole, however often it takes. @returns the position to go on from */
  async #load(): Promise<Position> {
    const { freshness, logger, directory } = this.options;
    while (!this.#isStopped) {
      try {
        // Of an attempt that failed, nothing stays: what was removed meanwhile would never be heard of.
        directory.clear();
        const at = await this.#readSnapshot();
        directory.advanced(at);
        freshness.loaded(at);
        logger.info({ entries: directory.size }, 'directory loaded');
        return at;
      } catch (error) {
        logger.warn({ error }, 'directory snapshot');
        await sleep(retryMs);
      }
    }
    return { epoch: 0, position: 0 };
  }

  async #readSnapshot(): Promise<Position> {
    const { directory } = this.options;
    let first: Position | undefined;
    let cursor: string | undefined;
    do {
      const chunk = await this.#readChunk(cursor);
      first ??= chunk.position;
      for (const { at, entry } of chunk.items) directory.put(at, entry);
      cursor = chunk.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return first;
  }

  async #readChunk(cursor: string | undefined): Promise<OperationOutput<'directory.snapshot'>> {
    const { output } = await this.options.rpc.call({
      service: 'iam',
      operation: 'directory.snapshot',
      commandId: null,
      principal: anonymous(defaultTenant),
      minPosition: {},
      judgedAt: origin,
      address: null,
      conversation: null,
      traceparent: null,
      input: cursor === undefined ? {} : { cursor },
    });
    return output as OperationOutput<'directory.snapshot'>;
  }

  #apply(entries: readonly EventEnvelope[]): void {
    const { directory, freshness } = this.options;
    for (const { at, tenant, type, time, actor, data } of entries) {
      directory.apply({ at, tenant, type, time, actor, data: JSON.parse(data) as unknown });
    }
    const last = entries.at(-1);
    if (!last) return;
    directory.advanced(last.at);
    freshness.advanced(last.at);
  }

  #onControl(verdict: ControlVerdict): void {
    const { directory, freshness, logger } = this.options;
    if ('refused' in verdict) {
      streamProblems.inc({ source: 'iam', kind: 'control' });
      logger.warn({ reason: verdict.refused }, 'control entry refused');
      return;
    }
    const { entry, isContiguous } = verdict;
    if (entry.event)
      directory.anticipate({ ...entry.event, actor: null, time: new Date(entry.timeMs).toISOString() });
    freshness.beat(entry, isContiguous);
  }
}
