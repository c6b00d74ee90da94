import { comparePositions, formatPosition } from '@concordat/contracts';
import type { Faults } from './fault';
import type { LastPositions } from './log-check';
import type { Snapshot, SourceRow } from './snapshot';

/**
 * Every source must be read up to its last entry in the log, or up to one that was refused: a cursor behind it would put
 * entries into the log again, one ahead of it would leave some out.
 */
export function checkCursors({ cursors, refused }: Snapshot, last: LastPositions, faults: Faults): void {
  const table = 'source_cursors';
  const isRefused = (row: SourceRow): boolean =>
    refused.some(
      ({ source, epoch, position }) =>
        source === row.source && epoch === row.epoch && position === row.position,
    );
  for (const row of cursors) {
    const at = last.get(row.source);
    if (at ? comparePositions(row, at) === 0 : false) continue;
    if (isRefused(row) && (!at || comparePositions(row, at) > 0)) continue;
    const where = at ? formatPosition(at) : 'nowhere';
    const detail = `the cursor is at ${formatPosition(row)}, the last entry in the log at ${where}`;
    faults.add({ table, row: row.source, detail });
  }
  const known = new Set(cursors.map(({ source }) => source));
  for (const source of last.keys())
    if (!known.has(source)) faults.add({ table, row: source, detail: 'the cursor is missing' });
}
