import {
  ConcordatError,
  type Delivery,
  errorDefinition,
  type FieldProblem,
  parseStrictJson,
} from '@concordat/contracts';

/** Fields of an entry, with the field of `message.send` that each of them fills. */
const texts: ReadonlyMap<string, string> = new Map([
  ['target', 'to'],
  ['type', 'type'],
  ['priority', 'priority'],
  ['correlation_id', 'correlationId'],
  ['reply_to', 'replyTo'],
  ['key', 'key'],
  ['schema', 'schema'],
]);
const numbers: ReadonlyMap<string, string> = new Map([
  ['ttl_seconds', 'ttlSeconds'],
  ['delay_seconds', 'delaySeconds'],
]);
/** What agents write for each other, and the bus knows better. */
const ignored: ReadonlySet<string> = new Set(['status', 'timestamp', 'traceparent', 'sender']);

/** @param flat fields and values of an entry in turn @throws ConcordatError INPUT_INVALID for a field that comes twice */
export function fieldsOf(flat: readonly string[]): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i]!;
    if (fields.has(name)) throw invalid(name, 'comes twice');
    fields.set(name, flat[i + 1]!);
  }
  return fields;
}

/**
 * An entry as what `message.send` takes; whether the fields are right is for its schema to say.
 * @param did the agent whose stream it is in
 * @throws ConcordatError INPUT_INVALID, BRIDGE_SENDER_FORGED; as `parseStrictJson` does for the payload
 */
export function toMessage(fields: ReadonlyMap<string, string>, did: string): Record<string, unknown> {
  if ((fields.get('sender') ?? did) !== did) throw new ConcordatError('BRIDGE_SENDER_FORGED');
  const message: Record<string, unknown> = {};
  for (const [name, value] of fields) {
    const to = texts.get(name) ?? numbers.get(name);
    if (to !== undefined) message[to] = numbers.has(name) ? numberOf(name, value) : value;
    else if (name === 'payload') message['payload'] = payloadOf(value);
    else if (!ignored.has(name)) throw invalid(name, 'is not a field of an entry');
  }
  if (!fields.has('payload')) throw invalid('payload', 'is missing; write JSON');
  return message;
}

function payloadOf(value: string): unknown {
  const payload = parseStrictJson(value);
  // Once more where it will stand: by itself it may nest one level deeper than in a message.
  parseStrictJson(`{"payload":${value}}`);
  return payload;
}

function numberOf(name: string, text: string): number {
  if (!/^(0|[1-9]\d{0,9})$/.test(text)) throw invalid(name, 'must be a whole number');
  return Number(text);
}

function invalid(name: string, message: string): ConcordatError {
  const problem: FieldProblem = { pointer: `/${name.slice(0, 64)}`, message };
  return new ConcordatError('INPUT_INVALID', 'The entry is not one that can be sent.', { errors: [problem] });
}

/** A message as its recipient reads it. @param traceparent of the hand-over */
export function fromDelivery(delivery: Delivery, traceparent: string | null): string[] {
  return flat({
    ...{ message_id: delivery.id, sender: delivery.from, target: delivery.to, type: delivery.type },
    ...{ payload: JSON.stringify(delivery.payload), status: 'PENDING', priority: delivery.priority },
    ...{ correlation_id: delivery.correlationId, reply_to: delivery.replyTo, key: delivery.key },
    ...{
      schema: delivery.schema,
      timestamp: delivery.timestamp,
      expires_at: delivery.expiresAt,
      traceparent,
    },
  });
}

/** What an agent reads of an entry of its own that was refused. @param entry its id */
export const fromRefusal = (entry: string, { code, detail, errors }: ConcordatError): string[] =>
  flat({
    ...{ type: 'REFUSAL', status: 'REFUSED', entry, code },
    payload: JSON.stringify({ code, detail, fix: errorDefinition(code).fix, errors }),
  });

const flat = (fields: Readonly<Record<string, string | null>>): string[] =>
  Object.entries(fields).flatMap(([name, value]) => (value === null ? [] : [name, value]));
