import { operationList, type OperationSpec } from '@concordat/contracts';
import { type Json, schemaOf } from '../http/openapi-parts';
import { refer } from './channels';

/** A message is what has a payload beside its type, however deep it lies in a schema. */
function holdsMessage(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  const { properties = {} } = schema as { properties?: object };
  return ('payload' in properties && 'type' in properties) || Object.values(schema).some(holdsMessage);
}

/** Whether the answers bring messages to agents. */
export const sendsMessages = ({ output }: OperationSpec): boolean => holdsMessage(schemaOf(output, 'output'));

const nounOf = ({ name }: OperationSpec): string => name.split('.')[0]!;

/** The operations of the bus that carry messages, and those of the same noun: what confirms them and asks for them. */
export function messageOperations(): OperationSpec[] {
  const ofBus = operationList.filter(({ service }) => service === 'bus');
  const carrying = ofBus.filter((spec) => sendsMessages(spec) || holdsMessage(schemaOf(spec.input, 'input')));
  const nouns = new Set(carrying.map(nounOf));
  return ofBus.filter((spec) => nouns.has(nounOf(spec)));
}

/** How AsyncAPI speaks of an operation on a channel: as messages that are sent, or as a request and its reply. */
export function describeOperation(
  spec: OperationSpec,
  channel: string,
  names: { readonly request: string; readonly reply: string },
): Json {
  const on = refer('channels', channel);
  const messages = (name: string): Json[] => [refer('channels', channel, 'messages', name)];
  const schemes = spec.caller === 'agent' ? ['accessToken'] : ['accessToken', 'apiKey'];
  return {
    summary: spec.summary,
    channel: on,
    ...(sendsMessages(spec)
      ? { action: 'send', messages: messages(names.reply) }
      : {
          action: 'receive',
          messages: messages(names.request),
          reply: { channel: on, messages: messages(names.reply) },
        }),
    ...(spec.caller === 'none'
      ? {}
      : { security: schemes.map((name) => refer('components', 'securitySchemes', name)) }),
  };
}
