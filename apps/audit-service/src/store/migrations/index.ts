import { Migration001Audit } from './001-audit';
import { Migration002Erasures } from './002-erasures';
import { Migration003DelegatedActors } from './003-delegated-actors';
import { Migration004OwnEvents } from './004-own-events';
import { Migration005Retention } from './005-retention';
import { Migration006Statistics } from './006-statistics';
import { Migration007Search } from './007-search';
import { Migration008Witness } from './008-witness';
import { Migration009Governance } from './009-governance';
import { Migration010Anomalies } from './010-anomalies';
import { Migration011ErasureReceipts } from './011-erasure-receipts';
import { Migration012LastingEvents } from './012-lasting-events';
import { Migration013GovernanceTotals } from './013-governance-totals';

/** In order. A migration that was released is never edited: a change is a new one. */
export const migrations = [
  { name: '001-audit', class: Migration001Audit },
  { name: '002-erasures', class: Migration002Erasures },
  { name: '003-delegated-actors', class: Migration003DelegatedActors },
  { name: '004-own-events', class: Migration004OwnEvents },
  { name: '005-retention', class: Migration005Retention },
  { name: '006-statistics', class: Migration006Statistics },
  { name: '007-search', class: Migration007Search },
  { name: '008-witness', class: Migration008Witness },
  { name: '009-governance', class: Migration009Governance },
  { name: '010-anomalies', class: Migration010Anomalies },
  { name: '011-erasure-receipts', class: Migration011ErasureReceipts },
  { name: '012-lasting-events', class: Migration012LastingEvents },
  { name: '013-governance-totals', class: Migration013GovernanceTotals },
] as const;
