import { cpus, loadavg } from 'node:os';

/** Bytes of the JSON of every payload. */
export const payloadBytes = 256;

export interface BenchPayload {
  /** what the message belongs to */
  readonly run: string;
  /** which one it is */
  readonly n: number;
  readonly text: string;
}

/** @param run up to 16 ASCII characters */
export function payloadOf(run: string, n: number): BenchPayload {
  const bare = JSON.stringify({ run, n, text: '' }).length;
  return { run, n, text: 'x'.repeat(payloadBytes - bare) };
}

export interface BenchMessage {
  readonly to: string;
  readonly type: 'EVENT';
  readonly payload: BenchPayload;
}

export const messageTo = (to: string, run: string, n: number): BenchMessage => ({
  ...{ to, type: 'EVENT', payload: payloadOf(run, n) },
});

/** What stands beside every figure of the bus. */
export const busConditions = () => ({
  payloadBytes,
  gateways: 1,
  cpus: cpus().length,
  coresShared: 'client, gateway, services and stores share all cores',
  loadAtStart: loadavg()[0]!,
});

/** What publishing has said of itself. */
export class Acceptances {
  #durability = new Set<string>();
  #partitions = new Set<string>();
  count = 0;

  /** @param answer of `message.send`, or an item of a batch */
  take({ id, durability }: { readonly id?: unknown; readonly durability?: unknown }): void {
    this.count++;
    this.#durability.add(String(durability));
    // msg-<generation>-<partition>-<uuid>
    this.#partitions.add(String(id).split('-')[2] ?? '');
  }

  get conditions() {
    return {
      durability: [...this.#durability].join(', '),
      partitionsUsed: this.#partitions.size,
    };
  }
}
