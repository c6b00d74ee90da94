import {
  MessageAccepted,
  MessageAcceptedV1,
  MessageDelivered,
  MessageExpired,
  MessageFailed,
  MessageSent,
} from '@concordat/contracts';
import { isMessageEvent } from '../message/message-change';
import type { StoredEvent } from './event-pages';
import type { StoredMessage } from './message-pages';

/** Clocks of gateways differ by so much at most. */
const skewUs = 60_000_000n;
const acceptances: readonly string[] = [MessageAccepted.type, MessageAcceptedV1.type];
/** As the bus told it before it told of several messages together: under the key of the sender. */
const ofSender: readonly string[] = [MessageSent, MessageDelivered, MessageFailed, MessageExpired].map(
  ({ type }) => type,
);
const isDid = (name: string): boolean => name.startsWith('did:');

/** Until when events about somebody tell of messages what nobody can read any more. Memory grows with who was erased only. */
export class ClosedEvents {
  readonly #until = new Map<string, bigint>();

  /** @param row whose key is gone, and whose columns are what was logged */
  note({ type, tenant, subject, timeUs }: StoredEvent): void {
    if (!isMessageEvent({ type }) || acceptances.includes(type)) return;
    const names = ofSender.includes(type)
      ? [`${tenant} from ${subject}`]
      : [`${tenant} to ${subject}`, `${tenant} to`];
    for (const name of names) if (timeUs > (this.#until.get(name) ?? 0n)) this.#until.set(name, timeUs);
  }

  /**
   * Whether it may be closed what became of a message. Who got what was sent to a topic is told of its groups and members
   * alone: there, everybody of the tenant counts.
   * @param message sender and recipient as proven, microseconds since 1970; null: it was not accepted yet
   */
  mayTellOf({
    tenant,
    fromAgent,
    toAgent,
    timestampUs,
  }: Pick<StoredMessage, 'tenant' | 'fromAgent' | 'toAgent' | 'timestampUs'>): boolean {
    const names = [
      `${tenant} from ${fromAgent}`,
      isDid(toAgent) ? `${tenant} to ${toAgent}` : `${tenant} to`,
    ];
    return names.some((name) => {
      const until = this.#until.get(name);
      return until !== undefined && (timestampUs === null || timestampUs <= until + skewUs);
    });
  }
}
