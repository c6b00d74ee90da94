import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { UserError } from '../context';
import type { Environment } from '../environment';
import type { Progress } from '../output';
import { repositoryRoot } from '../repository';
import { type DataFolder } from '../supervisor/provision';

export type MaintainedName = 'iam' | 'vault';

/** What a maintenance process answers; which one depends on the command. */
export type MaintenanceResult = Readonly<Record<string, unknown>>;

export interface MaintenanceCall {
  readonly service: MaintainedName;
  /** `rebuild`, `backup --to …` */
  readonly args: readonly string[];
  /** It compares with the event stream, or takes events back from it. */
  readonly usesStream: boolean;
}

/** The script of a service; the CLI knows its name and nothing of what is in it. @throws UserError when it is not built */
function maintenanceScript(environment: Environment, service: MaintainedName): string {
  const apps = environment.appsDirectory ?? join(repositoryRoot, 'apps');
  const script = join(apps, `${service}-service`, 'dist', 'maintenance.js');
  if (existsSync(script)) return script;
  throw new UserError(`${script} is missing: ${service}-service is not built. Run: npx nx run-many -t build`);
}

/**
 * Runs the maintenance of a service in a process of its own and passes on what it says.
 * @throws UserError with its reason
 */
export async function runMaintenance(
  { environment, progress }: { readonly environment: Environment; readonly progress: Progress },
  folder: DataFolder,
  { service, args, usesStream }: MaintenanceCall,
): Promise<MaintenanceResult> {
  const child = spawn(process.execPath, [maintenanceScript(environment, service), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...environment.services,
      CONCORDAT_DATA_DIR: folder.of(service),
      CONCORDAT_PEERS_FILE: folder.peersFile,
      ...keyDays(environment),
      ...(usesStream ? { CONCORDAT_REDIS_URL_FILE: folder.redisUrlFile } : {}),
    },
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  createInterface({ input: child.stderr }).on('line', (line) => progress.doing(`${service}: ${line}`));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  progress.end();
  const answer = parse(stdout);
  if (answer?.ok === true) return answer.result;
  throw new UserError(answer?.message ?? `The maintenance of ${service} ended (${code}) without an answer.`);
}

const keyDays = ({ backups }: Environment): Record<string, string> => {
  const days = backups['CONCORDAT_KEYSTORE_BACKUP_DAYS'];
  return days === undefined ? {} : { CONCORDAT_KEYSTORE_BACKUP_DAYS: days };
};

type Answer =
  | { readonly ok: true; readonly result: MaintenanceResult }
  | { readonly ok: false; readonly message: string };

function parse(stdout: string): Answer | undefined {
  try {
    return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Answer;
  } catch {
    return undefined;
  }
}
