import { z } from 'zod';

export const endedStatus = z.enum(['completed', 'failed', 'cancelled']);
export type EndedStatus = z.infer<typeof endedStatus>;

export const workflowStatus = z.enum(['running', ...endedStatus.options]);
export type WorkflowStatus = z.infer<typeof workflowStatus>;
