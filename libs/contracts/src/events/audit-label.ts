import { z } from 'zod';
import { tenantId } from '../names';
import { auditLabel } from '../operations/audit-label';
import { event } from './event';

export const AuditLabelsDeclared = event({
  type: 'concordat.audit.labels.declared.v1',
  summary: 'An operator declared which values of payloads the audit trail keeps in clear, to be searched by.',
  data: z.strictObject({ tenant: tenantId, labels: z.array(auditLabel) }),
  subject: ({ tenant }) => `tenant:${tenant}`,
});
