import {
  type AgentStatus,
  asConcordatError,
  ConcordatError,
  findOperation,
  type OperationInput,
  type OperationOutput,
  type Principal,
  toProblem,
} from '@concordat/contracts';
import type { Authorizer, Directory } from '@concordat/directory';
import { activeTraceId, inSpan, type OperationContext, type OperationHandlers } from '@concordat/runtime';
import { busSource } from '@concordat/streams';
import { SpanKind } from '@opentelemetry/api';
import { commandIdFor, commandIdOf } from '../edge/command-id';
import type { PayloadCheck } from '../schema/payload-check';
import { composeMessage, requireSignature, type Send, senderOf } from './compose-message';
import type { Durability } from './durability';
import { type MessageStates } from './message-state';
import { partitionOfMessage } from './partition';
import type { PublishedMessage, Publisher } from './publisher';

export interface MessagePorts {
  readonly publisher: Publisher;
  readonly states: MessageStates;
  readonly directory: Directory;
  readonly authorizer: Pick<Authorizer, 'authorize'>;
  readonly durability: Durability;
  readonly payloads: Pick<PayloadCheck, 'check'>;
  readonly partitions: number;
}

type Caller = Pick<OperationContext, 'principal' | 'address'>;
type Accepted = OperationOutput<'message.send'>;

const refused = { id: null, status: null, durability: null };

const sendSpan = {
  name: 'send message',
  kind: SpanKind.PRODUCER,
  attributes: {
    'messaging.system': 'redis',
    'messaging.operation.type': 'send',
    'messaging.operation.name': 'send',
  },
};

/** A suspended agent comes back: its inbox waits for it, within the times to live. A revoked one never does. */
const canReceive = (status: AgentStatus | undefined): boolean =>
  status === 'active' || status === 'suspended';

/** The operations `message.*`. */
export function messageHandlers(ports: MessagePorts) {
  const accepted = ({ id }: PublishedMessage): Accepted => ({
    id,
    status: 'PENDING',
    durability: ports.durability.current,
  });
  return {
    'message.send': async (input, { principal, commandId }) => {
      const published = await inSpan(sendSpan, () => publish(ports, input, principal, commandId!));
      const { at = null, partition } = published;
      return { output: accepted(published), position: at, source: busSource(partition) };
    },

    'message.sendBatch': async ({ messages }, context) => {
      const send = async (index: number): Promise<PublishedMessage> => {
        const { idempotencyKey, ...input } = messages[index]!;
        const commandId = itemCommandId(context, idempotencyKey, index);
        requireLeave(ports, input, context);
        return publish(ports, input, context.principal, commandId);
      };
      const answers = await inSpan(sendSpan, () => Promise.allSettled(messages.map((_, i) => send(i))));
      const items = answers.map((answer) =>
        answer.status === 'fulfilled'
          ? { ...accepted(answer.value), problem: null }
          : { ...refused, problem: toProblem(answer.reason, activeTraceId()) },
      );
      // Nothing got through: then it is not the batch that is answered, but the reason.
      const failure = answers[0]!;
      if (failure.status === 'rejected' && answers.every(isUnavailable)) throw failure.reason;
      return { output: { items }, position: null };
    },

    'message.get': async ({ id }, { principal }) => {
      const partition = partitionOfMessage(id, ports.partitions);
      const state =
        partition === undefined ? undefined : await ports.states.read(principal.tenant, partition, id);
      const sender = senderOf(principal);
      const isParty = state?.from === sender || state?.to === sender;
      if (!state || !(isParty || principal.scopes.includes('admin')))
        throw new ConcordatError('MESSAGE_UNKNOWN');
      return { output: state, position: null };
    },
  } satisfies OperationHandlers;
}

/** @returns the schema that the payload satisfies, if one is named, and why the message cannot be sent if it cannot */
async function admission(
  { directory, payloads }: MessagePorts,
  { to, schema, payload }: Send,
  tenant: string,
): Promise<{ schema: string | null; refusal?: ConcordatError }> {
  if (to.startsWith('did:') && !canReceive(directory.agent(tenant, to)?.status))
    return { schema: null, refusal: new ConcordatError('RECIPIENT_UNKNOWN') };
  try {
    return { schema: schema === undefined ? null : await payloads.check(tenant, schema, payload) };
  } catch (error) {
    return { schema: null, refusal: asConcordatError(error) };
  }
}

async function publish(
  ports: MessagePorts,
  input: Send,
  principal: Principal,
  commandId: string,
): Promise<PublishedMessage> {
  const { publisher, directory, partitions } = ports;
  requireSignature(input, principal, directory);
  const { schema, refusal } = await admission(ports, input, principal.tenant);
  const message = composeMessage(input, principal, commandId, { partitions, schema });
  if (!refusal) return publisher.publish(message);
  // A repetition is answered as it was, whatever has become of the recipient and the schema.
  const before = await publisher.earlier(message);
  if (!before) throw refusal;
  return before;
}

/** Policies speak of each message, not of batches alone. @throws ConcordatError POLICY_DENIED */
function requireLeave(
  { authorizer }: MessagePorts,
  input: OperationInput<'message.send'>,
  caller: Caller,
): void {
  authorizer.authorize(findOperation('message.send')!, input, caller);
}

/** A message of a batch is named by its own key, or by its place in a batch that was named. */
const itemCommandId = (
  { principal, commandId }: OperationContext,
  key: string | undefined,
  index: number,
): string =>
  key === undefined
    ? commandIdFor(commandId!, principal.tenant, `item ${index}`)
    : commandIdOf({ name: 'message.send' }, principal, key);

const isUnavailable = (answer: PromiseSettledResult<unknown>): boolean =>
  answer.status === 'rejected' && asConcordatError(answer.reason).code === 'SERVICE_UNAVAILABLE';
