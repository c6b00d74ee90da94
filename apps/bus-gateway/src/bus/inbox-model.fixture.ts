import { limits } from '@concordat/contracts';

/** What inboxes promise, in plain memory: the yardstick of inbox-model.int.spec.ts. Times are in milliseconds. */

export const priorities = ['URGENT', 'HIGH', 'NORMAL', 'LOW'] as const;
export type Priority = (typeof priorities)[number];

export interface ModelMessage {
  readonly id: string;
  readonly inbox: string;
  readonly priority: Priority;
  readonly expiresAt: number;
  status: 'PENDING' | 'SENT' | 'DELIVERED' | 'FAILED' | 'EXPIRED';
  attempt: number;
  leaseEnd: number;
  /** Of the last delivery; none after the lease has ended. */
  token: string | undefined;
}

/** `sent 2 of <id>`: an event that the audit feed must tell. */
const told = (event: string, { id, attempt }: ModelMessage): string =>
  event === 'accepted' ? `accepted of ${id}` : `${event} ${attempt} of ${id}`;

interface Inbox {
  /** Never handed out, by lane. */
  readonly fresh: Record<Priority, ModelMessage[]>;
  /** Handed out before; their leases have ended. */
  due: ModelMessage[];
  turn: number;
}

export class InboxModel {
  now = 0;
  readonly messages = new Map<string, ModelMessage>();
  readonly #inboxes = new Map<string, Inbox>();
  readonly #commands = new Map<string, { id: string; digest: string }>();

  /** @returns the id that is answered, and whether it is a new message; undefined when the key was used otherwise */
  send(
    message: Pick<ModelMessage, 'id' | 'inbox' | 'priority' | 'expiresAt'>,
    commandId: string,
    digest: string,
  ): { id: string; told: string[] } | undefined {
    const before = this.#commands.get(commandId);
    if (before) return before.digest === digest ? { id: before.id, told: [] } : undefined;
    this.#commands.set(commandId, { id: message.id, digest });
    const made: ModelMessage = { ...message, status: 'PENDING', attempt: 0, leaseEnd: 0, token: undefined };
    this.messages.set(made.id, made);
    this.#inbox(made.inbox).fresh[made.priority].push(made);
    return { id: made.id, told: [told('accepted', made)] };
  }

  /** @returns the messages to be handed out, in order; their tokens are to be set */
  fetch(name: string, count: number, leaseMs: number): { handedOut: ModelMessage[]; told: string[] } {
    const inbox = this.#inbox(name);
    const handedOut: ModelMessage[] = [];
    if (this.waiting(name).length === 0) return { handedOut, told: [] };
    const take = (from: ModelMessage[]): void => {
      while (handedOut.length < count && from.length > 0) {
        const message = from.shift()!;
        if (message.expiresAt <= this.now) continue;
        handedOut.push(message);
      }
    };
    take(inbox.due);
    if (handedOut.length < count) inbox.turn++;
    const order = inbox.turn % 8 === 0 ? [...priorities].reverse() : priorities;
    for (const priority of order) take(inbox.fresh[priority]);
    for (const message of handedOut) {
      message.status = 'SENT';
      message.attempt++;
      message.leaseEnd = this.now + leaseMs;
    }
    return { handedOut, told: handedOut.map((message) => told('sent', message)) };
  }

  ack(name: string, id: string, token: string): { settled: boolean; told: string[] } {
    const message = this.messages.get(id);
    if (!message || message.inbox !== name || message.token !== token) return { settled: false, told: [] };
    if (message.status === 'DELIVERED') return { settled: true, told: [] };
    message.status = 'DELIVERED';
    return { settled: true, told: [told('delivered', message)] };
  }

  /** Ends what has come to its end. @returns the messages whose leases ended, by inbox, in no order */
  reap(): { ended: ModelMessage[]; told: string[] } {
    const events: string[] = [];
    const open = [...this.messages.values()].filter(
      ({ status }) => status === 'PENDING' || status === 'SENT',
    );
    const finish = (message: ModelMessage, status: 'EXPIRED' | 'FAILED'): void => {
      message.status = status;
      message.token = undefined;
      const inbox = this.#inbox(message.inbox);
      inbox.due = inbox.due.filter((other) => other !== message);
      const lane = inbox.fresh[message.priority];
      if (lane.includes(message)) lane.splice(lane.indexOf(message), 1);
      events.push(told(status.toLowerCase(), message));
    };
    for (const message of open) if (message.expiresAt <= this.now) finish(message, 'EXPIRED');
    const over = open.filter(({ status, leaseEnd }) => status === 'SENT' && leaseEnd <= this.now);
    const ended = over.filter(({ attempt }) => attempt < limits.deliveryAttempts);
    for (const message of over) if (!ended.includes(message)) finish(message, 'FAILED');
    for (const message of ended) {
      message.status = 'PENDING';
      message.token = undefined;
      this.#inbox(message.inbox).due.push(message);
    }
    return { ended, told: events };
  }

  due(name: string): ModelMessage[] {
    return this.#inbox(name).due;
  }

  /** Leases that ended within the same millisecond may come back in any order: the real one is taken over. */
  reorderDue(name: string, ids: readonly string[]): void {
    this.#inbox(name).due = ids.map((id) => this.messages.get(id)!);
  }

  /** Not ended yet: these count against the limit of the inbox. */
  waiting(name: string): ModelMessage[] {
    return [...this.messages.values()].filter(
      ({ inbox, status }) => inbox === name && (status === 'PENDING' || status === 'SENT'),
    );
  }

  #inbox(name: string): Inbox {
    const known = this.#inboxes.get(name);
    if (known) return known;
    const made: Inbox = { fresh: { URGENT: [], HIGH: [], NORMAL: [], LOW: [] }, due: [], turn: 0 };
    this.#inboxes.set(name, made);
    return made;
  }
}
