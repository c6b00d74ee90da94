import { z } from 'zod';
import { erasableSubject } from '../operations/audit-erasures';
import { event } from './event';

export const SubjectErased = event({
  type: 'concordat.audit.subject.erased.v1',
  summary: 'The keys of what the trail tells of a subject were ordered destroyed.',
  data: z.strictObject({ subject: erasableSubject }),
  subject: ({ subject }) => subject,
});
