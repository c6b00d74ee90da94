import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { movedCluster, OWNER_NOTE, shellWord, SYSTEM_DIRECTORY } from '@concordat/processes';
import { dataFolder } from '../supervisor/provision';
import { type Finding, warning } from './finding';

/** Clusters that were put below /var/lib/concordat for a data folder that is not at its place any more. */
export async function leftOverClusters(
  dataDirectory: string,
  systemDirectory = SYSTEM_DIRECTORY,
): Promise<Finding[]> {
  const names = await readdir(systemDirectory).catch(() => []);
  const own = await movedCluster(dataFolder(dataDirectory).of('postgres'));
  const findings: Finding[] = [];
  for (const name of names) {
    const place = join(systemDirectory, name);
    const owner = (await readFile(join(place, OWNER_NOTE), 'utf8').catch(() => '')).trim();
    // A folder that was moved keeps its cluster, though that names the old place until the next start.
    if (owner === '' || place === own) continue;
    if (existsSync(owner) && (await movedCluster(owner)) === place) continue;
    const detail = `${place} holds the PostgreSQL data of ${owner}, which is gone`;
    const fix = `If that folder was moved, start Concordat there once. If nobody needs the data: rm -r ${shellWord(place)}`;
    findings.push(warning('left-over database', detail, fix));
  }
  return findings;
}
