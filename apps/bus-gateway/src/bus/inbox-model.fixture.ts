import { limits } from '@concordat/contracts';

/** What inboxes promise, in plain memory: the yardstick of inbox-model.int.spec.ts. Times are in milliseconds. */

export const priorities = ['URGENT', 'HIGH', 'NORMAL', 'LOW'] as const;
export type Priority = (typeof priorities)[number];

export interface ModelMessage {
  readonly id: string;
  readonly inbox: string;
  readonly priority: Priority;
  readonly key: string | undefined;
  expiresAt: number;
  /** Not handed out before. */
  dueAt: number;
  status: 'PENDING' | 'SENT' | 'DELIVERED' | 'FAILED' | 'EXPIRED' | 'PURGED';
  /** Waits for its time: in no lane, and before its first delivery not in its key either. */
  isDelayed: boolean;
  attempt: number;
  /** Times that it came back from the dead letters. */
  replay: number;
  leaseEnd: number;
  /** Of the last delivery; none after the lease has ended. */
  token: string | undefined;
}

/** `sent 2 of <id>`, after replays `sent 2 after 1 of <id>`: an event that the audit feed must tell. */
const told = (event: string, { id, attempt, replay }: ModelMessage): string => {
  if (event === 'accepted') return `accepted of ${id}`;
  return replay === 0 ? `${event} ${attempt} of ${id}` : `${event} ${attempt} after ${replay} of ${id}`;
};

export interface Inbox {
  /** Never handed out, by lane. */
  readonly fresh: Record<Priority, ModelMessage[]>;
  /** Handed out before; their leases have ended. */
  readonly due: ModelMessage[];
  /** By ordering key, those whose time has come: the first of each is under way, the others wait behind it. */
  readonly keys: Map<string, ModelMessage[]>;
  turn: number;
}

/** The next of the lanes: by priority, but of sixteen turns one begins with LOW, one with NORMAL and two with HIGH. */
function takeTurn(inbox: Inbox): ModelMessage | undefined {
  const turn = ++inbox.turn % 16;
  const first = turn === 15 ? 'LOW' : turn === 7 ? 'NORMAL' : turn % 8 === 3 ? 'HIGH' : 'URGENT';
  const lane = [first, ...priorities].find((name) => inbox.fresh[name as Priority].length > 0);
  return lane === undefined ? undefined : inbox.fresh[lane as Priority].shift();
}

function remove<T>(list: T[], item: T): void {
  if (list.includes(item)) list.splice(list.indexOf(item), 1);
}

type Verdict = 'settled' | 'returned' | 'failed' | 'stale';
export type Settling =
  | { readonly verb: 'ack' | 'release' }
  | { readonly verb: 'nack'; readonly delayMs: number }
  | { readonly verb: 'extend'; readonly leaseMs: number };

export class InboxModel {
  now = 0;
  readonly messages = new Map<string, ModelMessage>();
  readonly #inboxes = new Map<string, Inbox>();
  readonly #commands = new Map<string, { id: string; digest: string }>();

  /** @returns the id that is answered, and whether it is a new message; undefined when the key was used otherwise */
  send(
    message: Pick<ModelMessage, 'id' | 'inbox' | 'priority' | 'key' | 'expiresAt' | 'dueAt'>,
    commandId: string,
    digest: string,
  ): { id: string; told: string[] } | undefined {
    const before = this.#commands.get(commandId);
    if (before) return before.digest === digest ? { id: before.id, told: [] } : undefined;
    this.#commands.set(commandId, { id: message.id, digest });
    const fresh = { isDelayed: false, attempt: 0, replay: 0, leaseEnd: 0, token: undefined } as const;
    const made: ModelMessage = { ...message, ...fresh, status: 'PENDING' };
    this.messages.set(made.id, made);
    this.#enqueue(made);
    return { id: made.id, told: [told('accepted', made)] };
  }

  /** @returns the messages to be handed out, in order; their tokens are to be set */
  fetch(name: string, count: number, leaseMs: number): { handedOut: ModelMessage[]; told: string[] } {
    const inbox = this.inbox(name);
    const handedOut: ModelMessage[] = [];
    if (this.waiting(name).length === 0) return { handedOut, told: [] };
    const hand = (message: ModelMessage): void => {
      if (message.expiresAt > this.now) handedOut.push(message);
    };
    while (handedOut.length < count && inbox.due.length > 0) hand(inbox.due.shift()!);
    while (handedOut.length < count) {
      const message = takeTurn(inbox);
      if (!message) break;
      hand(message);
    }
    for (const message of handedOut) {
      message.status = 'SENT';
      message.attempt++;
      message.leaseEnd = this.now + leaseMs;
    }
    return { handedOut, told: handedOut.map((message) => told('sent', message)) };
  }

  settle(name: string, id: string, token: string, settling: Settling): { verdict: Verdict; told: string[] } {
    const message = this.messages.get(id);
    if (!message || message.inbox !== name || message.token !== token) return { verdict: 'stale', told: [] };
    if (message.status === 'DELIVERED')
      return { verdict: settling.verb === 'ack' ? 'settled' : 'stale', told: [] };
    switch (settling.verb) {
      case 'ack':
        this.#end(message, 'DELIVERED');
        message.token = token;
        return { verdict: 'settled', told: [told('delivered', message)] };
      case 'extend':
        message.leaseEnd = this.now + settling.leaseMs;
        return { verdict: 'settled', told: [] };
      case 'release': {
        const event = told('returned', message);
        Object.assign(message, { status: 'PENDING', token: undefined, attempt: message.attempt - 1 });
        this.inbox(name).due.unshift(message);
        return { verdict: 'returned', told: [event] };
      }
      case 'nack': {
        const verdict = this.#giveUp(message, settling.delayMs);
        return { verdict, told: [told(verdict, message)] };
      }
    }
  }

  /** Ends what has come to its end. @returns what became of the leases that ended, and what is told, in no order */
  sweep(): { returned: number; failed: number; told: string[] } {
    const events: string[] = [];
    const all = [...this.messages.values()];
    for (const message of all) {
      if (!isOpen(message) || message.expiresAt > this.now) continue;
      this.#end(message, 'EXPIRED');
      events.push(told('expired', message));
    }
    const counts = { returned: 0, failed: 0 };
    for (const message of all) {
      if (message.status !== 'SENT' || message.leaseEnd > this.now) continue;
      const verdict = this.#giveUp(message, 0);
      counts[verdict]++;
      events.push(told(verdict, message));
    }
    this.#admitDue(() => true);
    return { ...counts, told: events };
  }

  /** @returns whether it was a dead letter */
  changeDead(verb: 'replay' | 'purge', id: string): { changed: boolean; told: string[] } {
    const message = this.messages.get(id);
    if (message?.status !== 'FAILED') return { changed: false, told: [] };
    if (verb === 'replay') message.replay++;
    const event = told(verb === 'replay' ? 'replayed' : 'purged', message);
    if (verb === 'purge') Object.assign(message, { status: 'PURGED', attempt: 0 });
    else {
      Object.assign(message, { status: 'PENDING', attempt: 0, expiresAt: Infinity, dueAt: 0 });
      this.#enqueue(message);
    }
    return { changed: true, told: [event] };
  }

  /** Not ended yet: these count against the limit of the inbox. */
  waiting(name: string): ModelMessage[] {
    return [...this.messages.values()].filter((message) => message.inbox === name && isOpen(message));
  }

  inbox(name: string): Inbox {
    const known = this.#inboxes.get(name);
    if (known) return known;
    const made: Inbox = {
      fresh: { URGENT: [], HIGH: [], NORMAL: [], LOW: [] },
      due: [],
      keys: new Map(),
      turn: 0,
    };
    this.#inboxes.set(name, made);
    return made;
  }

  #enqueue(message: ModelMessage): void {
    if (message.dueAt > this.now) {
      message.isDelayed = true;
      return;
    }
    const { inbox, key } = message;
    const isBefore = (other: ModelMessage): boolean =>
      other.inbox === inbox && other.key === key && other.attempt === 0;
    if (key !== undefined) this.#admitDue(isBefore);
    this.#takePlace(message);
  }

  #admitDue(which: (message: ModelMessage) => boolean): void {
    const over = [...this.messages.values()].filter((m) => m.isDelayed && m.dueAt <= this.now && which(m));
    for (const message of over.sort((a, b) => a.dueAt - b.dueAt)) {
      message.isDelayed = false;
      if (message.attempt > 0) this.#makeReady(message);
      else this.#takePlace(message);
    }
  }

  #takePlace(message: ModelMessage): void {
    if (message.key !== undefined) {
      const { keys } = this.inbox(message.inbox);
      const line = [...(keys.get(message.key) ?? []), message];
      keys.set(message.key, line);
      if (line.length > 1) return;
    }
    this.#makeReady(message);
  }

  #makeReady(message: ModelMessage): void {
    const inbox = this.inbox(message.inbox);
    (message.attempt > 0 ? inbox.due : inbox.fresh[message.priority]).push(message);
  }

  /** A delivery that did not succeed. */
  #giveUp(message: ModelMessage, delayMs: number): 'returned' | 'failed' {
    if (message.attempt >= limits.deliveryAttempts) {
      this.#end(message, 'FAILED');
      return 'failed';
    }
    Object.assign(message, { status: 'PENDING', token: undefined });
    if (delayMs > 0) Object.assign(message, { isDelayed: true, dueAt: this.now + delayMs });
    else this.#makeReady(message);
    return 'returned';
  }

  /** Off every list; the next of its key takes its turn. */
  #end(message: ModelMessage, status: ModelMessage['status']): void {
    const inbox = this.inbox(message.inbox);
    Object.assign(message, { status, token: undefined, isDelayed: false });
    remove(inbox.due, message);
    remove(inbox.fresh[message.priority], message);
    if (message.key === undefined) return;
    const line = inbox.keys.get(message.key) ?? [];
    const wasFirst = line[0] === message;
    remove(line, message);
    if (wasFirst && line[0]) this.#makeReady(line[0]);
  }
}

const isOpen = ({ status }: ModelMessage): boolean => status === 'PENDING' || status === 'SENT';
