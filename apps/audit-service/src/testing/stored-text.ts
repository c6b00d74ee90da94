import { basename, join } from 'node:path';
import { filesBelow } from '@concordat/testing';
import type { AuditBench } from './audit-bench';

/** Base64 of a text wherever it begins within a group of three bytes; without what its neighbours decide. */
const inBase64 = (text: string): string[] =>
  [0, 1, 2].map((before) => {
    const whole = Buffer.from('\0'.repeat(before) + text).toString('base64');
    return whole.slice(before === 0 ? 0 : before + 1, Math.floor((4 * (before + text.length)) / 3));
  });

const escaped = (text: string, backslash: string): string =>
  [...text].map((c) => `${backslash}u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');

/** How a text may be written down: plain, hex, base64, escaped, in two bytes a character. ASCII only. */
export const spellingsOf = (text: string): readonly string[] => {
  const hex = Buffer.from(text).toString('hex');
  const base64 = inBase64(text);
  return [
    ...[text, hex, hex.toUpperCase(), encodeURIComponent(text), [...text].join('\0')],
    ...base64,
    ...base64.map((spelled) => spelled.replaceAll('+', '-').replaceAll('/', '_')),
    escaped(text, '\\'),
    // As a dump writes a backslash.
    escaped(text, '\\\\'),
  ];
};

/**
 * Where a text is stored, in any spelling: tables of the whole database as a logical dump would hold them, files of the
 * database server, its write-ahead log included, and files of the service.
 */
export async function placesOf(audit: AuditBench, text: string): Promise<string[]> {
  const spellings = spellingsOf(text);
  const isIn = (where: string | Buffer): boolean => spellings.some((spelling) => where.includes(spelling));
  const places: string[] = [];
  const tables = await audit.rows<{ name: string }>(
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_type = 'BASE TABLE' AND table_schema <> 'information_schema'`,
  );
  for (const { name } of tables) {
    const rows = await audit.rows<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
    if (rows.some(({ row }) => isIn(row))) places.push(name);
  }
  await audit.rows('CHECKPOINT');
  for (const folder of [audit.postgres.directory, join(audit.bench.folder, 'audit')])
    for (const { name, bytes } of filesBelow(folder)) if (isIn(bytes)) places.push(basename(name));
  return places;
}
