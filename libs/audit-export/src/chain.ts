import { fromBase64url, sha256, toBase64url, utf8 } from '@concordat/crypto';
import type { Format } from './format';
import type { ExportRecord } from './record';

/** Value of the chain before the first line. */
export const chainStart = toBase64url(sha256('concordat/audit-export/v1\n'));

/**
 * Writes a line. Its chain value is SHA-256(value of the line before ‖ the line without its own value), in base64url: the
 * last one is a hash over all lines, which an exporter needs no memory for between chunks, and a reader knows with every
 * line whether it is the one that belongs there.
 * @param before value of the line before @returns the line without its newline, and its value
 */
export function chainedLine(
  format: Format,
  record: ExportRecord,
  before: string,
): { line: string; chain: string } {
  const { head, tail } = format.render(record);
  const chain = toBase64url(sha256(fromBase64url(before)!, utf8(head), utf8(tail)));
  return { line: head + chain + tail, chain };
}
