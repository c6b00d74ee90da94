import { z } from 'zod';
import { limits } from './limits';

/** Fields of every list operation. */
export const pageInput = {
  limit: z.coerce.number().int().min(1).max(limits.pageItems).default(50),
  /** `nextCursor` of the page before; opaque. */
  cursor: z.string().max(1_024).optional(),
};

export const page = <T extends z.ZodType>(item: T) =>
  z.strictObject({ items: z.array(item), nextCursor: z.string().nullable() });
