import { z } from 'zod';
import { limits } from '../limits';
import { jsonObject, jsonValue, timestamp } from '../names';

/** How far the work was meant to go: a draft, looking things up, drawing conclusions, or routine. */
export const dragMode = z.enum(['DRAFT', 'RESEARCH', 'ANALYSIS', 'GRUNT']);
export type DragMode = z.infer<typeof dragMode>;

export const governanceOutcome = z.enum(['success', 'failure', 'rejected']);

/** What something is called in views and in the trail, where it stands in clear: nothing personal. */
export const label = z
  .string()
  .trim()
  .min(1)
  .max(128)
  .regex(/^[^\p{C}\p{Zl}\p{Zp}]*$/u, 'must hold no control characters and no line breaks');

const text = (length: number) => z.string().max(length).regex(/\S/, 'must not be blank');

/** Why somebody did it: as whom, within which bounds, and to what end. Encrypted where it is stored. */
export const aim = z.strictObject({
  actor: text(256),
  inputConstraints: z.array(text(1_024)).max(32),
  mission: text(4_096),
});
export type Aim = z.infer<typeof aim>;

const tooLarge = `must be at most ${limits.governanceDetailBytes} bytes of JSON`;
const isSmall = (value: unknown): boolean =>
  Buffer.byteLength(JSON.stringify(value)) <= limits.governanceDetailBytes;

/** Anything else that belongs to a record. Encrypted where it is stored. */
export const detailObject = jsonObject.refine(isSmall, tooLarge);
export const detailValue = jsonValue.refine(isSmall, tooLarge);

export const recordId = z.uuidv7();

/** Whom a record is about: a DID, `user:<id>` or `apiKey:<id>`. Erasing that subject erases the text of the record. */
export const recordSubject = z.string().min(1).max(256);

/** What every record says of itself. */
export const recorded = {
  // Not narrower: a row that was changed is to be shown, marked as such.
  id: z.string(),
  /** Who had it recorded, as proven: `agent:<did>`, `user:<id>` or `apiKey:<id>`. */
  actor: z.string(),
  /** Whom it is about. */
  subject: z.string(),
  recordedAt: timestamp,
  /** SHA-256 of the record in hexadecimal digits, the same as in its event in the trail. */
  hash: z.string(),
  /** changed: what is stored is not what was recorded. */
  integrity: z.enum(['intact', 'changed']),
};

export const receipt = z.strictObject({ id: recordId, recordedAt: timestamp, hash: z.string() });

export const period = { from: timestamp.optional(), to: timestamp.optional() };
