import { createHash } from 'node:crypto';
import { parseStrictJson } from '@concordat/contracts';
import { isMessageEvent, mergeChanges, type MessageChange, messageChanges } from '../message/message-change';
import type { EventText } from './opened-event';
import { PartedFolds } from './parted-folds';

/** A message as its events tell it; of the payload only a digest is kept. */
export type Told = MessageChange<string>;

/** Adds up what events tell of messages. */
export class MessageFolds extends PartedFolds<Told> {
  /** @param event as it was logged */
  add(event: EventText): void {
    if (!isMessageEvent(event)) return;
    for (const change of changesOf(event))
      this.fold(messageName(change), (before) => (before ? mergeChanges(before, change) : change));
  }
}

export const messageName = ({ tenant, messageId }: { tenant: string; messageId: string }): string =>
  `${tenant} ${messageId}`;

/** Of a payload as it is stored. */
export const payloadDigest = (payload: unknown): string =>
  createHash('sha256').update(JSON.stringify(payload)).digest('base64url');

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
