import { MessageAccepted, MessageAcceptedV1 } from '@concordat/contracts';
import { isMessageEvent } from '../message/message-change';
import type { StoredEvent } from './event-pages';

/** Clocks of gateways differ by so much at most. */
const skewUs = 60_000_000n;
const acceptances: readonly string[] = [MessageAccepted.type, MessageAcceptedV1.type];
const isDid = (name: string): boolean => name.startsWith('did:');

/** Until when events about somebody tell of messages what nobody can read any more. Memory grows with who was erased only. */
export class ClosedEvents {
  readonly #until = new Map<string, bigint>();

  /** @param row whose key is gone, and whose columns are what was logged */
  note({ type, tenant, subject, timeUs }: StoredEvent): void {
    if (!isMessageEvent({ type }) || acceptances.includes(type)) return;
    for (const name of [`${tenant} ${subject}`, `${tenant} `])
      if (timeUs > (this.#until.get(name) ?? 0n)) this.#until.set(name, timeUs);
  }

  /**
   * Whether it may be closed what became of a message. Who got what was sent to a topic is told of its groups and members
   * alone: there, everybody of the tenant counts.
   * @param to as proven @param acceptedUs microseconds since 1970; null: it was not accepted yet
   */
  mayTellOf(tenant: string, to: string, acceptedUs: bigint | null): boolean {
    const until = this.#until.get(isDid(to) ? `${tenant} ${to}` : `${tenant} `);
    return until !== undefined && (acceptedUs === null || acceptedUs <= until + skewUs);
  }
}
