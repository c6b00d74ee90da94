import { concatBytes, equalConstantTime, hmacSha256, lengthPrefixed, utf8 } from '@concordat/crypto';

/**
 * Columns of a row that stand in clear. While its key is there, the leaf binds them through the event; afterwards nothing
 * would, and a row could be given the name and the key of somebody who was erased to be taken for one of his. So MACs of them
 * stand before the ciphertext, under a key that is kept outside of the database: the leaf has the hash of all of it.
 */
export interface EventColumns {
  readonly tenant: string;
  readonly eventId: string;
  readonly subject: string;
  readonly actor: string;
  readonly correlationId: string | null;
  readonly traceId: string | null;
  readonly keyId: string;
}

/** What the acceptance of a message has put into the columns of its row. */
export interface MessageColumns {
  readonly tenant: string;
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly type: string;
  readonly priority: string;
  readonly correlationId: string | null;
  readonly replyTo: string | null;
  readonly ttlSeconds: number | null;
  readonly payloadKeyId: string;
  /** SHA-256 of the ciphertext, in base64url */
  readonly payload: string;
}

/** Bodies from before begin with a random nonce. */
const mark = utf8('row/1\0\0\0');
const macBytes = 16;
export const bindingBytes = mark.byteLength + 2 * macBytes;

const eventMac = (key: Uint8Array, row: EventColumns): Uint8Array =>
  mac(key, 'concordat/audit-row/v1', [
    ...[row.tenant, row.eventId, row.subject, row.actor, row.correlationId, row.traceId, row.keyId],
  ]);
const messageMac = (key: Uint8Array, row: MessageColumns): Uint8Array =>
  mac(key, 'concordat/audit-message/v1', [
    ...[row.tenant, row.messageId, row.from, row.to, row.type, row.priority, row.correlationId, row.replyTo],
    ...[row.ttlSeconds, row.payloadKeyId, row.payload],
  ]);
// As JSON, which tells null from an empty text.
const mac = (key: Uint8Array, label: string, columns: readonly (string | number | null)[]): Uint8Array =>
  hmacSha256(key, lengthPrefixed(label, JSON.stringify(columns))).subarray(0, macBytes);

const noMessage = new Uint8Array(macBytes);

/** The bytes before the ciphertext. @param key of the service, 32 bytes @param message that the event is the acceptance of */
export const bindingOf = (key: Uint8Array, event: EventColumns, message: MessageColumns | null): Uint8Array =>
  concatBytes(mark, eventMac(key, event), message ? messageMac(key, message) : noMessage);

/** The two parts of a body. The first is empty in bodies from before there was one. */
export function splitBody(body: Uint8Array): { readonly binding: Uint8Array; readonly box: Uint8Array } {
  const isMarked = body.byteLength >= bindingBytes && mark.every((byte, i) => body[i] === byte);
  const at = isMarked ? bindingBytes : 0;
  return { binding: body.subarray(0, at), box: body.subarray(at) };
}

/** What a body says of columns: nothing in those from before. */
export type Bound = 'bound' | 'other' | 'unbound';

/** @param body of a row, or its first `bindingBytes` */
export const boundEvent = (key: Uint8Array, body: Uint8Array, event: EventColumns): Bound =>
  compare(
    splitBody(body).binding.subarray(mark.byteLength, mark.byteLength + macBytes),
    eventMac(key, event),
  );

export const boundMessage = (key: Uint8Array, body: Uint8Array, message: MessageColumns): Bound =>
  compare(splitBody(body).binding.subarray(mark.byteLength + macBytes), messageMac(key, message));

const compare = (found: Uint8Array, right: Uint8Array): Bound =>
  found.byteLength === 0 ? 'unbound' : equalConstantTime(found, right) ? 'bound' : 'other';
