import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const open = new Set<string>();

process.once('exit', () => open.forEach((directory) => rmSync(directory, { recursive: true, force: true })));

/**
 * A folder of its own below the system's temporary one; gone at the latest when this process ends.
 * @param mode 0o711 lets another user pass through without reading
 */
export function temporaryDirectory(prefix = 'concordat-', mode: 0o700 | 0o711 = 0o700): string {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  chmodSync(directory, mode);
  open.add(directory);
  return directory;
}

export function removeTemporaryDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  open.delete(directory);
}
