import { type AnomalySettings, anomalySettings } from '@concordat/contracts';
import type { EntityManager } from '@mikro-orm/postgresql';
import { AnomalySettingsEntity } from './anomaly-rows';

const defaults = Object.freeze(anomalySettings.parse({}));

export async function readSettings(em: EntityManager, tenant: string): Promise<AnomalySettings> {
  const row = await em.findOne(AnomalySettingsEntity, { tenant });
  return row ? anomalySettings.parse(row.settings) : defaults;
}

export const writeSettings = async (
  em: EntityManager,
  tenant: string,
  settings: AnomalySettings,
): Promise<void> => void (await em.upsert(AnomalySettingsEntity, { tenant, settings }));
