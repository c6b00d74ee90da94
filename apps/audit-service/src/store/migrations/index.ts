import { Migration001Audit } from './001-audit';

/** In order. A migration that was released is never edited: a change is a new one. */
export const migrations = [{ name: '001-audit', class: Migration001Audit }] as const;
