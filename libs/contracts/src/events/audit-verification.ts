import { z } from 'zod';
import { event } from './event';

const id = z.string();
const subject = ({ verificationId }: { verificationId: string }): string => `verification:${verificationId}`;

export const VerificationStarted = event({
  type: 'concordat.audit.verification.started.v1',
  summary: 'An operator has the database verified against the log.',
  data: z.strictObject({ verificationId: id }),
  subject,
});

export const VerificationFinished = event({
  type: 'concordat.audit.verification.finished.v1',
  summary: 'The database was verified against the log; how many rows are not what was logged.',
  data: z.strictObject({
    verificationId: id,
    size: z.number().int().nonnegative(),
    faultCount: z.number().int().nonnegative(),
  }),
  subject,
});
