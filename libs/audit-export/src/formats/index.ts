import type { ExportFormat } from '@concordat/contracts';
import type { Format } from '../format';
import { cef } from './cef';
import { ecs } from './ecs';
import { ndjson } from './ndjson';
import { ocsf } from './ocsf';

export const formats: Readonly<Record<ExportFormat, Format>> = { ndjson, ocsf, ecs, cef };

/** Which format a line is in; only the right one will write it again byte by byte. */
export function formatOf(line: string): ExportFormat {
  if (line.startsWith('CEF:')) return 'cef';
  if (line.startsWith('{"activity_id"')) return 'ocsf';
  return line.startsWith('{"@timestamp"') ? 'ecs' : 'ndjson';
}

/** Whether a line is the last of an export, as far as it says so itself. */
export function isManifest(line: string): boolean {
  try {
    return 'manifest' in formats[formatOf(line)].read(line);
  } catch {
    return false;
  }
}
