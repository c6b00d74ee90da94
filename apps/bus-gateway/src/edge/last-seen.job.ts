import { anonymous, defaultTenant, limits, type OperationInput, type Principal } from '@concordat/contracts';
import { type Logger, problemListener } from '@concordat/runtime';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { ServiceCalls } from './service-calls';

type Report = OperationInput<'credential.seen'>;
type Kind = 'agent' | 'apiKey';

/** Credentials remembered between two reports; when there are more, those seen longest ago are forgotten. */
const rememberedLimit = 50_000;

export interface LastSeenPorts {
  readonly services: Pick<ServiceCalls, 'call'>;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/**
 * Keeps `lastSeen` current without a write per request: who was let in is remembered here, once however often it came,
 * and reported to iam-service every `limits.lastSeenSeconds`. A gateway that is killed loses the last report; one that is
 * stopped sends it first.
 */
export class LastSeenJob implements OnApplicationBootstrap, OnModuleDestroy {
  /** By kind, tenant and id, in the order in which they were seen last. */
  readonly #seen = new Map<string, { kind: Kind; tenant: string; id: string; atMs: number }>();
  #timer: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(private readonly ports: LastSeenPorts) {}

  onApplicationBootstrap(): void {
    const listener = problemListener(this.ports.logger, 'last seen');
    this.#timer = setInterval(
      () => (this.#turn = this.#turn.then(() => this.report()).catch(listener)),
      limits.lastSeenSeconds * 1_000,
    );
    this.#timer.unref();
  }

  /** The first hook of a shutdown: the way to iam-service is still open. */
  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
    await this.report().catch(problemListener(this.ports.logger, 'last seen'));
  }

  /** Was let in now. Costs the request nothing but this. */
  note({ kind, tenant, id }: Principal): void {
    if (kind !== 'agent' && kind !== 'apiKey') return;
    const name = `${kind} ${tenant} ${id}`;
    this.#seen.delete(name);
    this.#seen.set(name, { kind, tenant, id, atMs: this.ports.nowMs() });
    if (this.#seen.size <= rememberedLimit) return;
    const [oldest] = this.#seen.keys();
    this.#seen.delete(oldest!);
  }

  /** Sends what was noted since the last report; what does not arrive is kept for the next. */
  async report(): Promise<void> {
    while (this.#seen.size > 0) {
      const batch = [...this.#seen].slice(0, limits.seenItems);
      await this.ports.services.call('credential.seen', toReport(batch.map(([, one]) => one)), {
        ...{
          principal: anonymous(defaultTenant),
          commandId: null,
          minPosition: {},
          conversation: null,
          address: null,
        },
      });
      // Seen once more while the report was under way, it stays for the next one.
      for (const [name, one] of batch) if (this.#seen.get(name) === one) this.#seen.delete(name);
    }
  }
}

function toReport(batch: readonly { kind: Kind; tenant: string; id: string; atMs: number }[]): Report {
  const at = (atMs: number): string => new Date(atMs).toISOString();
  return {
    agents: batch.flatMap(({ kind, tenant, id, atMs }) =>
      kind === 'agent' ? [{ tenant, did: id, at: at(atMs) }] : [],
    ),
    apiKeys: batch.flatMap(({ kind, tenant, id, atMs }) =>
      kind === 'apiKey' ? [{ tenant, id, at: at(atMs) }] : [],
    ),
  };
}
