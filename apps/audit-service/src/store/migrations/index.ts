import { Migration001Audit } from './001-audit';
import { Migration002Erasures } from './002-erasures';

/** In order. A migration that was released is never edited: a change is a new one. */
export const migrations = [
  { name: '001-audit', class: Migration001Audit },
  { name: '002-erasures', class: Migration002Erasures },
] as const;
