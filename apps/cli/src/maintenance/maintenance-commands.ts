import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { type Context, UserError } from '../context';
import { type DataFolder, dataFolder } from '../supervisor/provision';
import { findRunning } from '../supervisor/running';
import { type MaintainedName, type MaintenanceResult, runMaintenance } from './maintenance-process';
import { whileStopped, withDurableRedis } from './stopped-installation';

interface LossOptions {
  readonly acceptLoss?: true;
}

const acceptLoss = [
  '--accept-loss',
  'go on although events are in neither the file nor the stream; what took rights away since is done anew',
] as const;
const lossArgs = (options: LossOptions): string[] => (options.acceptLoss ? ['--accept-loss'] : []);

/** `verify|backup|restore|recover|rebuild` of a service that keeps its state as events. */
export function addMaintenanceCommands(
  command: Command,
  service: MaintainedName,
  context: () => Context,
): void {
  const maintenance = (): Maintenance => new Maintenance(service, context());
  command
    .command('verify')
    .description('check the whole store: pages, chain of events, and the stream when Concordat runs')
    .action(() => maintenance().verify());
  command
    .command('backup')
    .description(
      `copy the events of the store${service === 'iam' ? ' and its keys' : ''}, also while it runs; names open with root.key only`,
    )
    .option('--to <folder>', 'where to (default: backups in the data folder)')
    .action(({ to }: { to?: string }) => maintenance().backup(to));
  command
    .command('restore')
    .description('put the store back from a backup, with all that was published after it')
    .requiredOption('--from <file>', 'a backup, with its manifest beside it')
    .option(...acceptLoss)
    .action(({ from, ...options }: { from: string } & LossOptions) =>
      maintenance().restore(['restore', '--from', resolve(from), ...lossArgs(options)]),
    );
  command
    .command('recover')
    .description('complete a store that is damaged or old')
    .requiredOption('--from-stream', 'from the event stream in Redis')
    .option(...acceptLoss)
    .action((options: LossOptions) => maintenance().restore(['recover', ...lossArgs(options)]));
  command
    .command('rebuild')
    .description('make the tables of the store anew from its events')
    .action(() => maintenance().rebuild());
}

class Maintenance {
  readonly #folder: DataFolder;

  constructor(
    private readonly service: MaintainedName,
    private readonly context: Context,
  ) {
    this.#folder = dataFolder(context.dataDirectory);
    if (!existsSync(this.#folder.of(service)))
      throw new UserError(
        `${context.dataDirectory} holds no store of ${service}. Name its data folder: --data <dir>.`,
      );
  }

  async verify(): Promise<void> {
    const usesStream = (await findRunning(this.#folder.root)) !== undefined;
    const result = await this.#run(['verify'], usesStream);
    const problems = result['problems'] as readonly string[];
    const { service } = this;
    this.context.output.data(result, () =>
      problems.length === 0
        ? `The store of ${service} is whole: ${String(result['events'])} events up to ${String(result['head'])}` +
          (usesStream
            ? ', and its stream has no more.'
            : '. It was not compared with its stream: Concordat does not run.')
        : problems.map((problem) => `✗ ${problem}`).join('\n'),
    );
    if (problems.length > 0) {
      throw new UserError(
        `The store of ${service} is not whole. Recover it from the event stream: ./concordat ${service} recover ` +
          `--from-stream; or from a backup: ./concordat ${service} restore --from <file>.`,
      );
    }
  }

  async backup(to = this.#folder.backupsOf(this.service)): Promise<void> {
    const result = await this.#run(['backup', '--to', resolve(to)], false);
    this.context.output.data(
      result,
      () =>
        `${String(result['file'])}: ${String(result['events'])} events up to ${String(result['head'])}. ` +
        keysIn(result['keys']),
    );
  }

  async restore(args: readonly string[]): Promise<void> {
    const { environment, progress } = this.context;
    const result = await whileStopped(this.#folder, progress, () =>
      withDurableRedis(this.#folder, environment, progress, () => this.#run(args, true)),
    );
    this.context.output.data(result, () => restored(this.service, result));
  }

  async rebuild(): Promise<void> {
    const result = await whileStopped(this.#folder, this.context.progress, () =>
      this.#run(['rebuild'], false),
    );
    const tables = (result['tables'] as readonly string[]).join(', ');
    this.context.output.data(
      result,
      () =>
        `${tables} rebuilt from ${String(result['events'])} events in ${String(result['durationMs'])} ms.`,
    );
  }

  #run(args: readonly string[], usesStream: boolean): Promise<MaintenanceResult> {
    return runMaintenance(this.context, this.#folder, { service: this.service, args, usesStream });
  }
}

function keysIn(keys: unknown): string {
  if (keys === null || typeof keys !== 'object')
    return 'Keys are not in it: keep copies of keys.db and root.key apart from it.';
  const { file, count, until } = keys as { file: string; count: number; until: string };
  return (
    `Its ${count} keys are in ${file}, wrapped and sealed: keep a copy of root.key apart from it. Wherever you copy it, ` +
    `remove it by ${until}: until then it could undo an erasure.`
  );
}

function restored(service: MaintainedName, result: MaintenanceResult): string {
  const number = (name: string): number => Number(result[name]);
  const lines = [
    `${number('fromFile')} events from the file and ${number('fromStream')} from the stream, up to ${String(result['head'])}; ` +
      `epoch ${number('epoch')} begins.`,
  ];
  if (number('keysMissing') > 0)
    lines.push(
      `${number('keysMissing')} keys are nowhere: what was sealed under them, such as names and passwords, stays closed.`,
    );
  if (typeof result['keysRestored'] === 'number')
    lines.push(
      `${number('keysRestored')} keys are those of the backup; there were none, none that could be read, or those of another keystore.`,
    );
  if (number('erasedAgain') > 0)
    lines.push(
      `${number('erasedAgain')} keys were there again of what had been erased; they are destroyed again.`,
    );
  if (number('withoutContent') > 0)
    lines.push(`${number('withoutContent')} events have no content: it was never published, and is lost.`);
  if (number('doneAnew') > 0)
    lines.push(
      `${number('doneAnew')} revocations, erasures, withdrawals and changed passwords that the stream still has were done anew.`,
    );
  lines.push(...lossOf(service, result));
  if (result['keptAs'] !== undefined)
    lines.push(
      `The file of before is ${String(result['keptAs'])}; it holds names in clear: remove it in time.`,
    );
  return lines.join('\n');
}

/** What nobody can know any more, and what follows from it. */
function lossOf(service: MaintainedName, { lost }: MaintenanceResult): string[] {
  if (lost === null || typeof lost !== 'object') return [];
  const { after, upTo } = lost as { after: string; upTo: string | null };
  const end = upTo === null ? 'whatever came after it' : `all up to ${upTo}`;
  return [
    `Lost after ${after}: ${end}. What was taken away in that time counts again:`,
    ...(service === 'iam'
      ? [
          '- passwords are the old ones again: whoever changed his since needs another one (concordat user password <user>);',
          '- agents and users that were erased may be readable again: erase them again;',
          '- sessions that ended, and keys and agents that were revoked, may be alive: end them again;',
          '- in doubt, every token ends with POST /v1/signing-keys/rotate {"revokePrevious": true}.',
        ]
      : ['- revoke consents and delete memories again.']),
  ];
}
