import { movedCluster } from '@concordat/processes';
import { dataFolder } from './provision';
import { type RunFile } from './run-file';

/** Where everything of a running installation is: for programs, and as lines for people. */
export async function overview({
  http,
  grpc,
  dataDir,
  adminKeyFile,
  supervisorPid,
  processes,
}: RunFile): Promise<{
  summary: Readonly<Record<string, unknown>>;
  lines: readonly string[];
}> {
  const own = processes.some(({ name }) => name === 'postgres');
  // As root it may lie outside the data folder, and a backup of that folder would miss it.
  const postgresDir = own ? await movedCluster(dataFolder(dataDir).of('postgres')) : undefined;
  return {
    summary: {
      http,
      grpc,
      dataDir,
      ...(postgresDir === undefined ? {} : { postgresDir }),
      adminKeyFile,
      supervisorPid,
    },
    lines: [
      `  HTTP       ${http.join(', ')}`,
      `  Reference  ${http[0]}/docs`,
      `  OpenAPI    ${http[0]}/openapi.json`,
      `  gRPC       ${grpc.join(', ')}`,
      `  Data       ${dataDir}`,
      ...(postgresDir === undefined ? [] : [`             ${postgresDir} (PostgreSQL)`]),
      `  Admin key  ${adminKeyFile}`,
    ],
  };
}
