import { z } from 'zod';
import { tenantId } from '../names';
import { anomaly, anomalySettings } from '../operations/audit-anomalies';
import { event } from './event';

export const AnomalyDetected = event({
  type: 'concordat.audit.anomaly.detected.v1',
  summary: 'An agent behaved unlike before; one event for one incident.',
  data: anomaly,
  subject: ({ agent }) => agent,
});

export const AnomalySettingsChanged = event({
  type: 'concordat.audit.anomaly-settings.changed.v1',
  summary: 'An administrator changed from when on something counts as an anomaly.',
  data: z.strictObject({ tenant: tenantId, settings: anomalySettings }),
  subject: ({ tenant }) => `tenant:${tenant}`,
});
