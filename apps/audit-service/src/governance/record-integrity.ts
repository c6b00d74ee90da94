import type { Logger } from '@concordat/runtime';
import { verifyGovernanceRow } from './record-hash';
import type { GovernanceRow } from './record-rows';

/** A row that was changed is reported, and shown as such: it must not hide its neighbours, nor itself. */
export function integrityOf(
  { logger }: { readonly logger: Logger },
  row: GovernanceRow,
): 'intact' | 'changed' {
  if (verifyGovernanceRow(row)) return 'intact';
  logger.error({ recordId: row.id }, 'the stored row of a governance record was changed');
  return 'changed';
}
