import { limits } from '@concordat/contracts';
import type { Freshness } from '@concordat/directory';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type Redis from 'ioredis';
import type { BridgeRights } from './bridge-rights';
import { type Bridge, type BridgeStore, keysOf } from './bridge-store';
import type { Inbound } from './inbound';
import { Outbound, type OutboundPorts } from './outbound';
import type { RedisUsers } from './redis-users';

export interface BridgeJobPorts {
  readonly redis: Pick<Redis, 'xlen' | 'on'>;
  readonly store: Pick<BridgeStore, 'all' | 'find' | 'deleteStreams'>;
  readonly users: RedisUsers;
  readonly rights: BridgeRights;
  readonly freshness: Pick<Freshness, 'staleness'>;
  readonly inbound: Inbound;
  readonly outbound: OutboundPorts;
  /** Ends the inbound side. */
  readonly end: AbortController;
}

/** A revocation is to count within a second. */
const lookMs = 250;

type State = 'open' | 'full' | 'closed';

/**
 * Keeps the users in Redis as the directory says, also when Redis has restarted and forgotten them, and serves the streams
 * of all agents. Every gateway does; whoever comes first does it.
 */
export class BridgeJob implements OnApplicationBootstrap, OnModuleDestroy {
  /** What was applied, by id. */
  readonly #applied = new Map<string, string>();
  readonly #outbounds = new Map<string, Outbound>();
  #loops: Promise<void>[] = [];

  constructor(private readonly ports: BridgeJobPorts | undefined) {}

  onApplicationBootstrap(): void {
    const { ports } = this;
    if (!ports) return;
    ports.redis.on('ready', () => this.#applied.clear());
    const reconcile = async (): Promise<void> => {
      await this.#reconcile(ports);
      await ports.outbound.sleep(lookMs);
    };
    this.#loops = [this.#repeat(ports, reconcile), this.#repeat(ports, () => ports.inbound.pass())];
  }

  /** Before the doorbell is silent for good. */
  async onModuleDestroy(): Promise<void> {
    this.ports?.end.abort();
    await Promise.all(this.#loops);
    await Promise.all([...this.#outbounds.values()].map((outbound) => outbound.stop()));
  }

  async #repeat({ end, outbound }: BridgeJobPorts, pass: () => Promise<void>): Promise<void> {
    while (!end.signal.aborted) {
      try {
        await pass();
      } catch (error) {
        if (!end.signal.aborted) outbound.onError(error);
        // A user, stream or group may be gone: the next look makes anew what should be there.
        this.#applied.clear();
        await outbound.sleep(lookMs);
      }
    }
  }

  async #reconcile({ store, freshness, inbound, rights, outbound }: BridgeJobPorts): Promise<void> {
    // An empty or old directory would lock everybody out, or in; entries wait meanwhile.
    if (freshness.staleness !== undefined) return;
    const bridges = await store.all();
    const looked = await Promise.allSettled(bridges.map((bridge) => this.#follow(bridge)));
    const gone = [...this.#applied.keys()].filter((id) => !bridges.some((bridge) => bridge.id === id));
    for (const id of gone) await this.#forget(id);
    inbound.serve(bridges.filter(({ id }) => this.#applied.has(id)));
    const active = bridges.filter((bridge) => rights.isActive(bridge) && this.#applied.has(bridge.id));
    for (const [id, running] of this.#outbounds)
      if (!active.some((bridge) => bridge.id === id)) {
        this.#outbounds.delete(id);
        void running.stop();
      }
    for (const bridge of active)
      if (!this.#outbounds.has(bridge.id)) this.#outbounds.set(bridge.id, new Outbound(outbound, bridge));
    for (const look of looked) if (look.status === 'rejected') throw look.reason;
  }

  async #follow(bridge: Bridge): Promise<void> {
    const { users } = this.ports!;
    const state = await this.#stateOf(bridge);
    const applied = `${state} ${bridge.passwordHash}`;
    const before = this.#applied.get(bridge.id);
    if (before === applied) return;
    if (before === undefined) await users.provideStreams(bridge);
    if (state === 'closed') await users.remove(bridge);
    else await users.set(bridge, state === 'open');
    this.#applied.set(bridge.id, applied);
    await this.#makeSure(bridge);
  }

  /** What was applied may have been changed since it was read: nobody keeps a password that was replaced. */
  async #makeSure(bridge: Bridge): Promise<void> {
    const { store, users } = this.ports!;
    const now = await store.find(bridge.tenant, bridge.did);
    if (now?.id === bridge.id && now.passwordHash === bridge.passwordHash) return;
    await users.remove(bridge);
    this.#applied.delete(bridge.id);
    if (now?.id !== bridge.id) await store.deleteStreams(bridge);
    if (now) await this.#follow(now);
  }

  async #stateOf(bridge: Bridge): Promise<State> {
    const { redis, rights } = this.ports!;
    if (!rights.isActive(bridge)) return 'closed';
    return (await redis.xlen(keysOf(bridge).in)) < limits.bridgeEntries ? 'open' : 'full';
  }

  /** Deleted, perhaps at another gateway while this one made its user anew. */
  async #forget(id: string): Promise<void> {
    await this.ports!.users.remove({ id });
    this.#applied.delete(id);
  }
}
