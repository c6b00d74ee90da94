import type { AnomalyKind, AnomalySettings } from '@concordat/contracts';
import { EntitySchema } from '@mikro-orm/postgresql';

export interface AnomalyRow {
  tenant: string;
  id: string;
  agent: string;
  kind: AnomalyKind;
  detectedAt: Date;
  windowStart: Date;
  windowSeconds: number;
  observed: number;
  expected: number;
  threshold: number;
  explanation: string;
  examples: string[];
}

export const AnomalyEntity = new EntitySchema<AnomalyRow>({
  name: 'Anomaly',
  tableName: 'anomalies',
  properties: {
    tenant: { type: 'text', primary: true },
    id: { type: 'uuid', primary: true },
    agent: { type: 'text' },
    kind: { type: 'text' },
    detectedAt: { type: 'datetime' },
    windowStart: { type: 'datetime' },
    windowSeconds: { type: 'integer' },
    observed: { type: 'double' },
    expected: { type: 'double' },
    threshold: { type: 'double' },
    explanation: { type: 'text' },
    examples: { type: 'json' },
  },
});

export interface AnomalySettingsRow {
  tenant: string;
  settings: AnomalySettings;
}

export const AnomalySettingsEntity = new EntitySchema<AnomalySettingsRow>({
  name: 'AnomalySettings',
  tableName: 'anomaly_settings',
  properties: {
    tenant: { type: 'text', primary: true },
    settings: { type: 'json' },
  },
});
