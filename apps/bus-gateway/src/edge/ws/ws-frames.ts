import { ConcordatError, limits, parseStrictJson } from '@concordat/contracts';
import { z } from 'zod';

const id = z.string().min(1).max(64);

const clientFrame = z.union([
  /** Calls an operation; a stream goes on until it is cancelled. */
  z.strictObject({
    id,
    operation: z.string().max(128),
    input: z.unknown().default({}),
    idempotencyKey: z.string().max(255).optional(),
    minPosition: z.string().max(1_024).optional(),
    correlationId: z.string().max(128).optional(),
  }),
  /** Grants a stream further items. */
  z.strictObject({ id, credits: z.number().int().min(1).max(limits.subscriptionCredits) }),
  /** Ends a call. */
  z.strictObject({ id, cancel: z.literal(true) }),
]);
export type ClientFrame = z.output<typeof clientFrame>;
export type CallFrame = Extract<ClientFrame, { operation: string }>;

/** @throws ConcordatError INPUT_INVALID, or what the strict parser of JSON throws */
export function readFrame(data: Buffer): ClientFrame {
  const parsed = clientFrame.safeParse(parseStrictJson(data));
  if (parsed.success) return parsed.data;
  throw new ConcordatError(
    'INPUT_INVALID',
    'A frame is {id, operation, input}, {id, credits} or {id, cancel: true}.',
  );
}
