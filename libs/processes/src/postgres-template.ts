import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where the setup of the tests (jest.stores.cjs) puts a cluster, made once and stopped, for every suite to copy. */
export const clusterTemplate = (): string => join(tmpdir(), 'postgres-template');

/**
 * For tests: puts a copy of the run's cluster into a folder that `postgresServer` will be given; initdb would take a
 * second of a processor each time. Does nothing where there is none to copy: then a new one is made.
 * @param directory of a PostgreSQL, not there yet or empty
 */
export function copyClusterTemplate(directory: string): void {
  const template = clusterTemplate();
  const found = statSync(template, { throwIfNoEntry: false });
  // The temporary folder may be everyone's; what somebody else put there is nothing to us.
  if (found === undefined || found.uid !== process.getuid?.()) return;
  mkdirSync(directory, { recursive: true, mode: 0o711 });
  for (const part of ['password', 'cluster'])
    execFileSync('cp', ['-a', join(template, part), directory], { stdio: ['ignore', 'ignore', 'inherit'] });
}
