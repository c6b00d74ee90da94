import { errorFrame, positionSchema, principal, signatures } from '@concordat/contracts';
import type { SessionHello } from '@concordat/crypto';
import { z } from 'zod';

/** What travels inside a sealed frame from the gateway to a service. */
export const requestFrame = z.strictObject({
  /** `<instance>:<start>:<n>` of the caller: the same when the request is sent again. */
  correlation: z.string(),
  operation: z.string(),
  /** Names the effect; null for queries. */
  commandId: z.string().nullable(),
  principal,
  /** Milliseconds since 1970; later, the request is not carried out. */
  deadlineMs: z.number().int(),
  minPosition: z.record(z.string(), positionSchema),
  /** Of iam-service: what the gateway knew when it let the request in. The service must know as much to judge it again. */
  judgedAt: positionSchema,
  /** IP address of the caller; null when nobody called from outside. */
  address: z.string().nullable(),
  /** Correlation id of the caller's conversation. */
  conversation: z.string().nullable(),
  traceparent: z.string().nullable(),
  /** What other tracing systems passed along with it. */
  tracestate: z.string().optional(),
  input: z.unknown(),
});
export type RequestFrame = z.infer<typeof requestFrame>;

export const replyFrame = z.discriminatedUnion('ok', [
  z.strictObject({
    correlation: z.string(),
    ok: z.literal(true),
    output: z.unknown(),
    /** Position of the service after the operation, or as it was read; null where there is none. */
    position: positionSchema.nullable(),
  }),
  z.strictObject({ correlation: z.string(), ok: z.literal(false), error: errorFrame }),
]);
export type ReplyFrame = z.infer<typeof replyFrame>;

export const offerSchema = z.strictObject({
  service: z.string(),
  instance: z.string(),
  key: z.string(),
  expiresAtMs: z.number().int(),
  signatures,
});

const helloSchema = z.strictObject({
  caller: z.string(),
  instance: z.string(),
  key: z.string(),
  offerKey: z.string(),
  signatures,
});

/** A frame as an entry of a stream. */
export interface StreamFrame {
  readonly session: string;
  readonly sequence: number;
  readonly box: Buffer;
  /** Sent with every request until the service has answered in this session. */
  readonly hello: SessionHello | undefined;
  /** Stream for the answers. */
  readonly replyTo: string | undefined;
}

/** Not sealed, only a hint: this service does not know the session. The caller then looks for a new offer. */
export interface UnknownSession {
  readonly unknownSession: string;
}

export const toFrameFields = ({
  session,
  sequence,
  box,
  hello,
  replyTo,
}: StreamFrame): (string | Buffer)[] => [
  's',
  session,
  'n',
  String(sequence),
  'b',
  box,
  ...(hello ? ['h', JSON.stringify(hello)] : []),
  ...(replyTo ? ['r', replyTo] : []),
];

/** @returns undefined for what is not a frame: anybody with access to Redis may have written it */
export function fromFrameFields(entry: readonly Buffer[]): StreamFrame | UnknownSession | undefined {
  const fields = new Map<string, Buffer>();
  for (let i = 0; i + 1 < entry.length; i += 2) fields.set(entry[i]!.toString(), entry[i + 1]!);
  const unknownSession = fields.get('u');
  if (unknownSession) return { unknownSession: unknownSession.toString() };
  const [session, sequence, box, hello, replyTo] = ['s', 'n', 'b', 'h', 'r'].map((name) => fields.get(name));
  if (!session || !sequence || !box) return undefined;
  const parsedHello = hello && helloSchema.safeParse(safeJson(hello));
  if (parsedHello && !parsedHello.success) return undefined;
  return {
    session: session.toString(),
    sequence: Number(sequence.toString()),
    box,
    hello: parsedHello?.data,
    replyTo: replyTo?.toString(),
  };
}

function safeJson(text: Buffer): unknown {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
}
