import { type Delivery, limits, type OperationRequest } from '@concordat/contracts';
import {
  type AlgorithmValue,
  ed25519Signer,
  messageSigningText,
  type SignedMessage,
  utf8,
  verifySignatures,
} from '@concordat/crypto';
import type { PublicOperationName } from '../call/caller';
import { jsonBody } from '../call/json-body';
import type { AgentKey } from '../credential/agent-key';

type Send = OperationRequest<'message.send'>;

/**
 * The input of `message.send` or `message.sendBatch` with every message signed by the agent.
 * @param agent undefined when the client is none
 * @throws TypeError for another operation, or another caller than an agent; ConcordatProblem INPUT_INVALID for what is no JSON
 */
export async function signInput<N extends PublicOperationName>(
  name: N,
  input: OperationRequest<N>,
  agent: AgentKey | undefined,
): Promise<OperationRequest<N>> {
  if (!agent) throw new TypeError('sign: only an agent signs; give credential.secretKey.');
  const sign = messageSigner(agent);
  if (name === 'message.send') return (await sign(input as Send)) as OperationRequest<N>;
  if (name !== 'message.sendBatch') throw new TypeError(`sign: ${name} sends no message.`);
  const { messages } = input as OperationRequest<'message.sendBatch'>;
  return { messages: await Promise.all(messages.map(sign)) } as OperationRequest<N>;
}

function messageSigner({ did, secretKey }: AgentKey): (message: Send) => Promise<Send> {
  const signer = ed25519Signer(secretKey);
  return async (message) => {
    // What the gateway will read, not what is here: a date, say, is a text by then.
    const sent = JSON.parse(jsonBody('message.send', message)) as Send;
    const text = messageSigningText({ ...sent, from: did });
    return { ...message, signature: await signer.sign(utf8(text)) };
  };
}

/** As much of a delivery as its signature vouches for. */
export type SignedDelivery = Pick<
  Delivery,
  | 'from'
  | 'to'
  | 'type'
  | 'payload'
  | 'priority'
  | 'correlationId'
  | 'replyTo'
  | 'key'
  | 'timestamp'
  | 'expiresAt'
  | 'delaySeconds'
  | 'signature'
>;

/**
 * Whether its sender signed a message as it was delivered: no gateway in between has to be believed.
 * @param publicKeys of the sender, from somebody who is believed: `agents.keys` lists those of an agent with their times
 * @returns false also for a message without a signature, and for one whose algorithms are not all there
 */
export function verifyMessage(delivery: SignedDelivery, publicKeys: readonly AlgorithmValue[]): boolean {
  const { signature } = delivery;
  if (signature === null) return false;
  return signedForms(delivery).some((form) =>
    verifySignatures(utf8(messageSigningText(form)), signature, publicKeys),
  );
}

/** What the sender can have signed. A message to everybody gets a time to live where its sender named none. */
function signedForms(delivery: SignedDelivery): SignedMessage[] {
  const { to, timestamp, expiresAt } = delivery;
  const ttlSeconds =
    expiresAt === null ? null : Math.round((Date.parse(expiresAt) - Date.parse(timestamp)) / 1_000);
  const form = { ...delivery, ttlSeconds };
  const mayBeDefault = to === '*' && ttlSeconds === limits.broadcastSeconds;
  return mayBeDefault ? [form, { ...form, ttlSeconds: null }] : [form];
}
