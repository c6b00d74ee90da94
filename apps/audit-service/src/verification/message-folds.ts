import { createHash } from 'node:crypto';
import { parseStrictJson } from '@concordat/contracts';
import { isMessageEvent, mergeChanges, type MessageChange, messageChanges } from '../message/message-change';
import type { EventText } from './opened-event';

/** A message as its events tell it; of the payload only a digest is kept. */
export type Told = MessageChange<string>;

interface Fold {
  told: Told;
  /** Its row was found to be right. */
  isSettled: boolean;
}

/** Messages that are added up at a time. With more of them the events are read several times, each for a part. */
const usualLimit = 100_000;

/**
 * Adds up what events tell of messages. When there are too many it keeps every second one, then every fourth, and so on:
 * what is kept is exact, and the others have their turn in another pass.
 */
export class MessageFolds {
  readonly #folds = new Map<string, Fold>();
  #parts = 1;

  /** @param part which of the parts is kept; 0 for the first pass, which finds out how many there are */
  constructor(
    private readonly part = 0,
    parts = 1,
    private readonly limit = usualLimit,
  ) {
    this.#parts = parts;
  }

  get parts(): number {
    return this.#parts;
  }

  holds(name: string): boolean {
    return partOf(name, this.#parts) === this.part;
  }

  /** @param event as it was logged */
  add(event: EventText): void {
    if (!isMessageEvent(event)) return;
    for (const change of changesOf(event)) this.#addChange(change);
  }

  get(name: string): Told | undefined {
    return this.#folds.get(name)?.told;
  }

  isSettled(name: string): boolean {
    return this.#folds.get(name)?.isSettled ?? false;
  }

  /** The row was found to be right: what comes later is not asked of it. */
  settle(name: string): void {
    const fold = this.#folds.get(name);
    if (fold) fold.isSettled = true;
  }

  /** Names of messages whose row was not found yet, or not to be right. */
  *open(): Generator<string> {
    for (const [name, { isSettled }] of this.#folds) if (!isSettled) yield name;
  }

  #addChange(change: Told): void {
    const name = messageName(change);
    if (!this.holds(name)) return;
    const fold = this.#folds.get(name);
    if (!fold) this.#folds.set(name, { told: change, isSettled: false });
    else if (!fold.isSettled) fold.told = mergeChanges(fold.told, change);
    // Only the first pass halves: the others know how many parts there are.
    while (this.part === 0 && this.#folds.size > this.limit) this.#halve();
  }

  #halve(): void {
    this.#parts *= 2;
    for (const name of this.#folds.keys()) if (!this.holds(name)) this.#folds.delete(name);
  }
}

export const messageName = ({ tenant, messageId }: { tenant: string; messageId: string }): string =>
  `${tenant} ${messageId}`;

/** Of a payload as it is stored. */
export const payloadDigest = (payload: unknown): string =>
  createHash('sha256').update(JSON.stringify(payload)).digest('base64url');

function partOf(name: string, parts: number): number {
  return parts === 1 ? 0 : createHash('sha256').update(name).digest().readUInt32BE(0) % parts;
}

function changesOf({ type, tenant, time, data }: EventText): Told[] {
  const changes = messageChanges({ type, tenant, time } as Parameters<typeof messageChanges>[0], read(data));
  return changes.map((change) => ({
    ...change,
    acceptance: change.acceptance && {
      ...change.acceptance,
      payload: payloadDigest(change.acceptance.payload),
    },
  }));
}

const read = (data: string): unknown => parseStrictJson(data, Number.MAX_SAFE_INTEGER);
