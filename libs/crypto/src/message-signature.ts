import { canonicalJson } from './canonical-json';

/** What a sender vouches for: everything of a message that it decides. */
export interface SignedMessage {
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly payload: unknown;
  readonly priority?: string | undefined;
  readonly correlationId?: string | null | undefined;
  readonly replyTo?: string | null | undefined;
  readonly ttlSeconds?: number | null | undefined;
  readonly delaySeconds?: number | null | undefined;
  readonly key?: string | null | undefined;
}

/**
 * The text that an agent signs to vouch for a message: a purpose line, so that it is never taken for anything else, and
 * the canonical JSON (RFC 8785) of the message with its DID as `from`. What is left out counts as null, the priority as
 * NORMAL; so whoever has the message as it was delivered makes the same text.
 */
export function messageSigningText(message: SignedMessage): string {
  const { from, to, type, payload, priority = 'NORMAL', correlationId, replyTo, ttlSeconds } = message;
  const { delaySeconds, key } = message;
  return `concordat message v1\n${canonicalJson({
    ...{ from, to, type, payload, priority, correlationId: correlationId ?? null },
    ...{ replyTo: replyTo ?? null, ttlSeconds: ttlSeconds ?? null, delaySeconds: delaySeconds ?? null },
    key: key ?? null,
  })}`;
}
