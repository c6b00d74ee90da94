import { limits, messagePriority, messageType } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { addSecretArgument, choice, jsonOrText, wholeNumber } from '../client/arguments';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { type Context } from '../context';

type Send = OperationRequest<'message.send'>;
type SendOptions = ConnectionOptions & Pick<Send, 'type' | 'priority' | 'correlationId' | 'ttlSeconds'>;

/** `send <to> <payload>` */
export function register(command: Command, context: () => Context): void {
  addAgentOptions(command).argument('<to>', 'name or DID of the recipient');
  addSecretArgument(command, 'payload', 'JSON, plain text, or @file with JSON', jsonOrText)
    .addOption(choice('--type <type>', 'what it is', messageType.options).default('NOTIFICATION'))
    .addOption(choice('--priority <priority>', 'how urgent', messagePriority.options).default('NORMAL'))
    .option('--correlation-id <id>', 'the conversation it belongs to')
    .option('--ttl-seconds <n>', 'it expires after so long', wholeNumber(1, limits.messageTtlSeconds))
    .action(
      act((to: string, payload: Send['payload'], options: SendOptions) =>
        send(context(), to, payload, options),
      ),
    );
}

async function send(
  context: Context,
  word: string,
  payload: Send['payload'],
  options: SendOptions,
): Promise<void> {
  const { output, progress } = context;
  const { type, priority, correlationId, ttlSeconds } = options;
  const connection = new Connection(context, options);
  const client = await connection.asAgent();
  const to = await findDid(word, connection.agents, client);
  const message = { to, type, payload, priority, correlationId, ttlSeconds };
  const sent = await during(progress, `sending to ${word}`, client.callWithMeta('message.send', message));
  output.data({ ...sent.output, traceId: sent.traceId }, () =>
    [
      `Sent to ${word}: ${sent.output.id}`,
      `  Status      ${sent.output.status}`,
      `  Durability  ${sent.output.durability}`,
    ].join('\n'),
  );
}
