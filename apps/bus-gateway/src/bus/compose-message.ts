import {
  actorOf,
  ConcordatError,
  limits,
  type MessageAccepted,
  type OperationInput,
  type Principal,
} from '@concordat/contracts';
import {
  canonicalJson,
  messageSigningText,
  sha256,
  toBase64url,
  utf8,
  verifySignatures,
} from '@concordat/crypto';
import type { Directory } from '@concordat/directory';
import { activeTraceparent } from '@concordat/runtime';
import { v7 as uuidV7 } from 'uuid';
import { mayComeAgain } from '../edge/command-id';
import { messageIdIn, partitionOf } from './partition';
import type { OutgoingMessage } from './publisher';

export type Send = OperationInput<'message.send'>;

/** How a principal appears as the sender of a message: agents by their DID. */
export const senderOf = (principal: Principal): string =>
  principal.kind === 'agent' ? principal.id : actorOf(principal);

type Place = Pick<OutgoingMessage, 'kind' | 'target'> & { readonly partition: number };

/**
 * Where a message goes. Everything of an inbox lies in one partition. A topic lies in all of them: the ordering key
 * chooses, or else the command, so that no partition is the limit. A repetition goes where the first went, in any case:
 * the record that makes it harmless lies there.
 */
function placeOf(tenant: string, { to, key }: Send, command: string, partitions: number): Place {
  const partition = (name: string): number => partitionOf(tenant, name, partitions);
  if (to === '*') return { kind: 'broadcast', target: '', partition: partition(command) };
  if (!to.startsWith('topic:')) return { kind: 'inbox', target: to, partition: partition(to) };
  const name = key === undefined ? command : `${to}\n${key}`;
  return { kind: 'topic', target: to.slice(6), partition: partition(name) };
}

/**
 * The message that the bus takes, made of what the caller sends. Objects are written out here and wherever a message
 * passes: several spreads in one literal cost V8 more than all the rest.
 * @param schema `<type>/<version>` of what the payload was held to
 * @throws ConcordatError INPUT_INVALID for a message to everybody with a delay, PAYLOAD_TOO_LARGE
 */
export function composeMessage(
  input: Send,
  principal: Principal,
  commandId: string,
  { partitions, schema }: { readonly partitions: number; readonly schema: string | null },
): OutgoingMessage {
  const { tenant } = principal;
  // Without options: then those of one millisecond are in order, and so are messages that become due in the same one.
  const uuid = uuidV7();
  const isNamed = mayComeAgain(commandId);
  const place = placeOf(tenant, input, commandId, partitions);
  const { to, type, priority, correlationId, replyTo, delaySeconds, key, payload, signature, cloudEvent } =
    input;
  const ttlSeconds = place.kind === 'broadcast' ? broadcastTtl(input) : input.ttlSeconds;
  const id = messageIdIn(place.partition, uuid);
  const from = senderOf(principal);
  const head: Omit<ReturnType<typeof MessageAccepted.data.parse>, 'payload'> = {
    messageId: id,
    to,
    from,
    type,
    priority,
    correlationId: correlationId ?? null,
    replyTo: replyTo ?? null,
    ttlSeconds: ttlSeconds ?? null,
    delaySeconds: delaySeconds ?? null,
    key: key ?? null,
    signature: signature ?? null,
    schema,
    cloudEvent: cloudEvent ?? null,
  };
  return {
    id,
    partition: place.partition,
    kind: place.kind,
    target: place.target,
    tenant,
    from,
    actor: actorOf(principal),
    priority,
    key,
    delaySeconds,
    ttlSeconds,
    correlationId,
    commandId,
    head: JSON.stringify(head),
    payload: payloadText(payload),
    mayComeAgain: isNamed,
    traceparent: activeTraceparent(),
    digest: isNamed ? toBase64url(sha256(canonicalJson(identityOf(input)))) : '',
  };
}

/** Numbers may be longer than they came: `1e15` has four characters, and sixteen when it is written on. */
function payloadText(payload: unknown): string {
  const text = JSON.stringify(payload);
  if (text.length * 3 > limits.jsonBytes && Buffer.byteLength(text) > limits.jsonBytes)
    throw new ConcordatError('PAYLOAD_TOO_LARGE', `The payload has more than ${limits.jsonBytes} bytes.`);
  return text;
}

/** What a repetition has in common with the first. A time to live that was counted from `expirytime` is shorter by now. */
export function identityOf(input: Send): Omit<Send, 'ttlSeconds'> {
  if (input.cloudEvent?.['expirytime'] === undefined) return input;
  const { ttlSeconds: _, ...identity } = input;
  return identity;
}

function broadcastTtl({ ttlSeconds = limits.broadcastSeconds, delaySeconds }: Send): number {
  const errors = [];
  if (delaySeconds) errors.push({ pointer: '/delaySeconds', message: 'cannot be given with `to`: "*"' });
  if (ttlSeconds > limits.broadcastSeconds)
    errors.push({ pointer: '/ttlSeconds', message: `is at most ${limits.broadcastSeconds} with "to": "*"` });
  if (errors.length > 0)
    throw new ConcordatError('INPUT_INVALID', 'A message to everybody cannot be sent like this.', { errors });
  return ttlSeconds;
}

/**
 * Whether a message that carries a signature was signed by the agent that sends it, with a key that counts now.
 * @throws ConcordatError MESSAGE_SIGNATURE_INVALID
 */
export function requireSignature(input: Send, principal: Principal, directory: Directory): void {
  if (input.signature === undefined) return;
  const agent = principal.kind === 'agent' ? directory.agent(principal.tenant, principal.id) : undefined;
  const text = utf8(messageSigningText({ ...input, from: senderOf(principal) }));
  if (!agent || !verifySignatures(text, input.signature, agent.publicKeys))
    throw new ConcordatError('MESSAGE_SIGNATURE_INVALID');
}
