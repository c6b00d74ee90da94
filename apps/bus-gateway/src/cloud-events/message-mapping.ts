import {
  type AttributeProblem,
  type AttributeValue,
  type CloudEventContext,
  ConcordatError,
  type Delivery,
  type OperationRequest,
  orderingKey,
  parseStrictJson,
} from '@concordat/contracts';
import { lengthPrefixed, sha256, toBase64url } from '@concordat/crypto';
import { type CloudEvent, invalidEvent, type Place } from './cloud-event';

type Send = OperationRequest<'message.send'>;

/** Attributes that say how an event is to be delivered, with the field of `message.send` that each of them fills. */
const fields: ReadonlyMap<string, keyof Send> = new Map([
  ['to', 'to'],
  ['messagetype', 'type'],
  ['priority', 'priority'],
  ['correlationid', 'correlationId'],
  ['replyto', 'replyTo'],
  ['ttlseconds', 'ttlSeconds'],
  ['delayseconds', 'delaySeconds'],
  ['partitionkey', 'key'],
] satisfies [string, keyof Send][]);

/**
 * The event as what `message.send` takes; whether the fields are right is for its schema to say.
 * @param now what `expirytime` is counted from
 * @throws ConcordatError CLOUD_EVENT_INVALID; as `parseStrictJson` does, when it is more than any door takes
 */
export function toMessage(event: CloudEvent, now: Date, place: Place): unknown {
  const problems = deliveryProblems(event, now);
  if (problems.length > 0) throw invalidEvent(problems, place);
  const { context, data } = event;
  const given = [...fields].filter(([attribute]) => Object.hasOwn(context, attribute));
  const encoding = data?.encoding ?? 'none';
  const message = {
    type: 'EVENT',
    payload: data?.value ?? null,
    ...ttlOf(context['expirytime'], now),
    ...Object.fromEntries(
      given.map(([attribute, field]) => [field, fieldValue(attribute, context[attribute]!)]),
    ),
    cloudEvent: encoding === 'json' ? context : { ...context, data_encoding: encoding },
  };
  // Base64 and the body of binary mode could be larger or deeper than what comes in by other doors.
  return parseStrictJson(JSON.stringify(message));
}

function deliveryProblems({ context }: CloudEvent, now: Date): AttributeProblem[] {
  const problems: AttributeProblem[] = [];
  const refuse = (attribute: string, message: string): number => problems.push({ attribute, message });
  const { to, expirytime, ttlseconds } = context;
  if (to === undefined) refuse('to', 'is required: the recipient');
  if (expirytime === undefined) return problems;
  if (ttlseconds !== undefined) refuse('ttlseconds', 'excludes expirytime; send one of them');
  if (instantOf(expirytime) <= now.getTime()) refuse('expirytime', 'has passed');
  return problems;
}

/** @param time RFC 3339, where T and Z may be small; JavaScript knows no leap second, which is the one before it here */
const instantOf = (time: AttributeValue): number =>
  Date.parse(String(time).toUpperCase().replace(':60', ':59'));

function ttlOf(expirytime: AttributeValue | undefined, now: Date): Pick<Send, 'ttlSeconds'> {
  if (expirytime === undefined) return {};
  return { ttlSeconds: Math.max(1, Math.ceil((instantOf(expirytime) - now.getTime()) / 1_000)) };
}

const counted: ReadonlySet<string> = new Set(['ttlseconds', 'delayseconds']);

/** In binary mode an integer comes as a text. */
const fieldValue = (attribute: string, value: AttributeValue): AttributeValue => {
  if (attribute === 'partitionkey') return orderingKeyOf(String(value));
  return counted.has(attribute) && /^(0|[1-9]\d{0,9})$/.test(String(value)) ? Number(value) : value;
};

/** Any text is a partition key; one that cannot be an ordering key stands for itself by its hash. */
const orderingKeyOf = (key: string): string =>
  orderingKey.safeParse(key).success ? key : toBase64url(sha256(key));

/** `source` and `id` are one event (CloudEvents 1.0.2, id), which may be sent to several recipients. */
export const idempotencyKeyOf = ({ context: { source, id, to } }: CloudEvent): string =>
  `ce-${toBase64url(sha256(lengthPrefixed('concordat/cloud-event/v1', String(source), String(id), String(to))))}`;

/** A refusal of `message.send` in the words of the event. */
export function ofEvent(error: ConcordatError, { context }: CloudEvent, place: Place): ConcordatError {
  if (error.code === 'IDEMPOTENCY_KEY_REUSED') {
    const detail =
      'Another event with this source and id was sent to this recipient; give a new event a new id.';
    return new ConcordatError('IDEMPOTENCY_KEY_REUSED', detail);
  }
  const attributes = error.errors.map(({ pointer, message }) => ({
    attribute: attributeAt(pointer),
    message,
  }));
  if (error.code !== 'INPUT_INVALID' || attributes.some(({ attribute }) => attribute === undefined))
    return error;
  const named = attributes.map(({ attribute, message }) => {
    const isCounted = attribute === 'ttlseconds' && context['ttlseconds'] === undefined;
    return { attribute: isCounted ? 'expirytime' : attribute!, message };
  });
  return invalidEvent(named, place);
}

function attributeAt(pointer: string): string | undefined {
  const [, first, second] = pointer.split('/');
  if (first === 'cloudEvent') return second ?? '';
  if (first === 'payload') return 'data';
  return [...fields].find(([, field]) => field === first)?.[0];
}

/**
 * The event that a delivery is: as it was sent, or made from a message that was sent as none. What the gateway knows
 * stands over what the sender says: nobody passes for another one.
 */
export function fromDelivery(delivery: Delivery): CloudEvent {
  const { cloudEvent, payload } = delivery;
  if (cloudEvent === null)
    return {
      context: { ...syntheticContext(delivery), ...verified(delivery) },
      data: { encoding: 'json', value: payload },
    };
  const { data_encoding: encoding, ...given } = cloudEvent;
  // The start of the trace, when the sender has not told of an earlier one (distributed tracing extension).
  const isTraced = given['traceparent'] !== undefined || given['tracestate'] !== undefined;
  const context = { ...(isTraced ? {} : traceOf(delivery)), ...given, ...verified(delivery) };
  if (encoding === 'none') return { context };
  return {
    context,
    data:
      encoding === 'base64' ? { encoding, value: payload as string } : { encoding: 'json', value: payload },
  };
}

/** Attributes that come from the gateway, whatever the sender has written. */
function verified(delivery: Delivery): CloudEventContext {
  return {
    ...{ from: delivery.from, to: delivery.to, messageid: delivery.id },
    ...{
      deliverytoken: delivery.deliveryToken,
      attempt: delivery.attempt,
      leaseseconds: delivery.leaseSeconds,
    },
    ...{ messagetype: delivery.type, priority: delivery.priority },
    ...(delivery.correlationId !== null && { correlationid: delivery.correlationId }),
    ...(delivery.replyTo !== null && { replyto: delivery.replyTo }),
  };
}

const traceOf = ({ traceparent }: Delivery): CloudEventContext =>
  traceparent === null ? {} : { traceparent };

/** The segment of the source before the name of the sender, by kind of sender. */
const places: ReadonlyMap<string, string> = new Map([
  ['did', 'agents'],
  ['apiKey', 'api-keys'],
  ['user', 'users'],
]);

function syntheticContext(delivery: Delivery): CloudEventContext {
  const [kind, ...rest] = delivery.from.split(':') as [string, ...string[]];
  const sender = kind === 'did' ? delivery.from : rest.join(':');
  return {
    ...{ specversion: '1.0', id: delivery.id, type: `concordat.message.${delivery.type.toLowerCase()}` },
    source: `/concordat/${places.get(kind) ?? 'senders'}/${sender}`,
    ...{ time: delivery.timestamp, datacontenttype: 'application/json', ...traceOf(delivery) },
    ...(delivery.expiresAt !== null && { expirytime: delivery.expiresAt }),
  };
}
