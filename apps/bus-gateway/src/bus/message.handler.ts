import {
  actorOf,
  type AgentStatus,
  ConcordatError,
  MessageAccepted,
  type OperationInput,
  type OperationOutput,
  type Principal,
} from '@concordat/contracts';
import { canonicalJson, sha256, toBase64url } from '@concordat/crypto';
import { activeTraceparent, type Clock, inSpan, type OperationHandlers } from '@concordat/runtime';
import { busSource } from '@concordat/streams';
import { SpanKind } from '@opentelemetry/api';
import { v7 as uuidV7 } from 'uuid';
import type { Directory } from '@concordat/directory';
import { mayComeAgain } from '../edge/command-id';
import type { Durability } from './durability';
import type { MessageStore, OutgoingMessage } from './message-store';
import { messageIdIn, partitionOf, partitionOfMessage } from './partition';

export interface MessagePorts {
  readonly store: MessageStore;
  readonly directory: Directory;
  readonly durability: Durability;
  readonly clock: Clock;
  readonly partitions: number;
}

type Send = OperationInput<'message.send'>;

/** How a principal appears as the sender of a message: agents by their DID. */
const senderOf = (principal: Principal): string =>
  principal.kind === 'agent' ? principal.id : actorOf(principal);

/** A suspended agent comes back: its inbox waits for it, within the times to live. A revoked one never does. */
const canReceive = (status: AgentStatus | undefined): boolean =>
  status === 'active' || status === 'suspended';

/** The operations `message.*`. */
export function messageHandlers(ports: MessagePorts) {
  const { store, directory, durability, partitions } = ports;
  return {
    'message.send': async (input, { principal, commandId }) => {
      const message = outgoing(ports, input, principal, commandId!);
      const isKnown = canReceive(directory.agent(principal.tenant, input.to)?.status);
      // A repetition is answered as it was, whatever has become of the recipient.
      const before = isKnown ? undefined : await store.earlier(message);
      if (!isKnown && !before) throw new ConcordatError('RECIPIENT_UNKNOWN');
      const destination = {
        'messaging.system': 'redis',
        'messaging.operation.type': 'send',
        'messaging.operation.name': 'send',
      };
      const span = { name: 'send message', kind: SpanKind.PRODUCER, attributes: destination };
      const { id, partition, at } = before ?? (await inSpan(span, () => store.publish(message)));
      const output = { id, status: 'PENDING' as const, durability: durability.current };
      return { output, position: at, source: busSource(partition) };
    },

    'message.get': async ({ id }, { principal }) => {
      const partition = partitionOfMessage(id, partitions);
      const state = partition === undefined ? undefined : await store.state(principal.tenant, partition, id);
      const sender = senderOf(principal);
      const isParty = state?.from === sender || state?.to === sender;
      if (!state || !(isParty || principal.scopes.includes('admin')))
        throw new ConcordatError('MESSAGE_UNKNOWN');
      const output: OperationOutput<'message.get'> = {
        id,
        from: state.from,
        to: state.to,
        type: state.type as Send['type'],
        priority: state.priority as Send['priority'],
        status: state.status,
        correlationId: state.correlation || null,
        timestamp: state.time,
        deliveredAt: state.deliveredAt ?? null,
        attempts: Number(state.attempt),
      };
      return { output, position: null };
    },
  } satisfies OperationHandlers;
}

function outgoing(
  { clock, partitions }: MessagePorts,
  input: Send,
  principal: Principal,
  commandId: string,
): OutgoingMessage {
  const { tenant } = principal;
  const { to, type, priority, correlationId, replyTo, ttlSeconds, payload } = input;
  const id = messageIdIn(partitionOf(tenant, to, partitions), uuidV7());
  const from = senderOf(principal);
  const accepted = MessageAccepted.data.parse({
    ...{ messageId: id, to, from, type, priority, payload },
    correlationId: correlationId ?? null,
    replyTo: replyTo ?? null,
    ttlSeconds: ttlSeconds ?? null,
  });
  return {
    ...{ id, tenant, from, to, type, priority, correlationId, replyTo, ttlSeconds, commandId },
    actor: actorOf(principal),
    mayComeAgain: mayComeAgain(commandId),
    traceparent: activeTraceparent(),
    time: clock.now().toISOString(),
    payload: JSON.stringify(payload),
    acceptedData: JSON.stringify(accepted),
    digest: toBase64url(sha256(canonicalJson(input))),
  };
}
