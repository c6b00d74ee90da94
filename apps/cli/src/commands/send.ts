import { limits, messagePriority, messageType } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { addSecretArgument, choice, duration, jsonOrText } from '../client/arguments';
import { addAgentOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDestination } from '../client/find-destination';
import { findDid } from '../client/find-did';
import { type Context, UserError } from '../context';
import { sendBatch } from '../message/send-batch';
import { visible } from '../output';

type Send = OperationRequest<'message.send'>;
type MessageOptions = Pick<
  Send,
  'type' | 'priority' | 'correlationId' | 'ttlSeconds' | 'delaySeconds' | 'key' | 'replyTo' | 'schema'
>;
type SendOptions = ConnectionOptions &
  MessageOptions & {
    readonly sign?: boolean;
    readonly idempotencyKey?: string;
    readonly batch?: string;
  };

/** `send <to> <payload>`, `send --batch <file>` */
export function register(command: Command, context: () => Context): void {
  addAgentOptions(command).argument('[to]', 'an agent by name or DID, topic:<name>, or "*" for everybody');
  addSecretArgument(command, '[payload]', 'JSON, plain text, or @file with JSON', jsonOrText)
    .addOption(choice('--type <type>', 'what it is', messageType.options).default('NOTIFICATION'))
    .addOption(choice('--priority <priority>', 'how urgent', messagePriority.options).default('NORMAL'))
    .option('--ttl, --ttl-seconds <time>', 'it expires after so long, like 90s or 12h', duration)
    .option('--delay, --delay-seconds <time>', 'it cannot be received before, like 15m', duration)
    .option('--key <key>', 'ordering key: what has the same one is delivered in order, one at a time')
    .option('--correlation, --correlation-id <id>', 'the conversation it belongs to')
    .option('--reply-to <agent>', 'who is to get the reply instead, by name or DID')
    .option('--schema <name>', 'the schema that it must satisfy: <type>, or <type>/<version>')
    .option('--sign', 'sign it with the key of the agent')
    .option('--idempotency-key <key>', 'names the effect: sent again with the same key, it is sent once')
    .option(
      '--batch <file>',
      `send a message per line of the file, or of stdin (-): {"to", "type", "payload", …}; ${limits.batchMessages} at once`,
    )
    .action(
      act((to: string | undefined, payload: Send['payload'] | undefined, options: SendOptions) => {
        if (options.batch !== undefined) return batch(context(), options.batch, to, command);
        if (to === undefined || payload === undefined)
          return command.error(`error: missing required argument '${to === undefined ? 'to' : 'payload'}'`);
        return send(context(), to, payload, options);
      }),
    );
}

async function send(
  context: Context,
  word: string,
  payload: Send['payload'],
  options: SendOptions,
): Promise<void> {
  const { output, progress } = context;
  const { type, priority, correlationId, ttlSeconds, delaySeconds, key, schema } = options;
  const connection = new Connection(context, options);
  const client = await connection.asAgent();
  const to = await findDestination(word, connection.agents, client);
  const replyTo = options.replyTo && (await findDid(options.replyTo, connection.agents, client));
  const how = { priority, correlationId, ttlSeconds, delaySeconds, key, replyTo, schema };
  const { sign, idempotencyKey } = options;
  const sent = await during(
    progress,
    `sending to ${word}`,
    client.callWithMeta('message.send', { to, type, payload, ...how }, { sign, idempotencyKey }),
  );
  output.data({ ...sent.output, traceId: sent.traceId }, () =>
    [
      `Sent to ${visible(word)}: ${sent.output.id}`,
      `  Status      ${sent.output.status}`,
      `  Durability  ${sent.output.durability}`,
    ].join('\n'),
  );
}

/** What each line says itself; an option that was silently ignored would send something else. */
const ofLines = [
  'type',
  'priority',
  'ttlSeconds',
  'delaySeconds',
  'key',
  'correlationId',
  'replyTo',
  'schema',
];

async function batch(
  context: Context,
  file: string,
  to: string | undefined,
  command: Command,
): Promise<void> {
  const wrong = ofLines.find((name) => command.getOptionValueSource(name) === 'cli');
  if (to !== undefined || wrong !== undefined)
    throw new UserError(
      `With --batch every line says itself what it is: leave out ${wrong ? `--${wrong}` : 'to and payload'}.`,
    );
  const { sign = false, idempotencyKey, ...options } = command.opts<SendOptions>();
  const connection = new Connection(context, options);
  const client = await connection.asAgent();
  const known = new Map<string, Promise<string>>();
  const resolve = (word: string): Promise<string> => {
    const found = known.get(word) ?? findDestination(word, connection.agents, client);
    if (known.size < limits.batchMessages) known.set(word, found);
    return found;
  };
  const { accepted, refused } = await sendBatch(context, client, { file, sign, idempotencyKey, resolve });
  if (refused > 0) process.exitCode = 1;
  const said = `${accepted} messages were accepted, ${refused} refused`;
  if (refused > 0) context.progress.warn(said);
  else context.progress.done(said);
}
