import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assertPortFree, freePort } from './ports';
import { postgresServer } from './postgres-server';
import { copyClusterTemplate } from './postgres-template';
import { type StartedServer, startServer } from './start-server';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';

export interface StartPostgresOptions {
  /** kept after `stop`; default: a temporary folder, which `stop` removes */
  readonly dir?: string;
  /** default: a free one */
  readonly port?: number;
  /** default true: a killed server comes back */
  readonly restart?: boolean;
  readonly systemDirectory?: string;
}

/** A private PostgreSQL with the database `concordat`, ready to serve. For tests and tools; the launcher uses `postgresServer`. */
export async function startPostgres(options: StartPostgresOptions = {}): Promise<StartedServer> {
  const port = options.port ?? (await freePort());
  await assertPortFree(port, 'Pass another port to startPostgres.');
  const temporary = options.dir === undefined ? temporaryDirectory('concordat-postgres-', 0o711) : undefined;
  const directory = options.dir ?? temporary!;
  if (temporary !== undefined) copyClusterTemplate(temporary);
  const { process, url, home } = await postgresServer(
    {
      name: 'postgres',
      directory,
      port,
      logFile: join(directory, 'postgres.log'),
      ...(options.systemDirectory === undefined ? {} : { systemDirectory: options.systemDirectory }),
    },
    { restart: options.restart ?? true },
  );
  const cleanUp = async (): Promise<void> => {
    if (temporary === undefined) return;
    if (home.parent !== temporary) await rm(home.parent, { recursive: true, force: true });
    removeTemporaryDirectory(temporary);
  };
  return startServer({ process, url, port, directory, cleanUp });
}
