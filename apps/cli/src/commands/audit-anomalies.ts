import { type AnomalyKind, anomalyKind, limits } from '@concordat/contracts';
import { type OperationOutput, type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { findDid } from '../client/find-did';
import { readJsonFile } from '../client/json-file';
import { type Context } from '../context';
import { table, visible } from '../output';

interface ListOptions extends ConnectionOptions {
  readonly agent?: string;
  readonly kind?: AnomalyKind;
  readonly from?: string;
  readonly to?: string;
  readonly limit: number;
}

type Settings = OperationOutput<'audit.anomalySettings'>;

/** `audit anomalies|anomaly-settings` */
export function registerAnomalies(command: Command, context: () => Context): void {
  addAdminOptions(command.command('anomalies'))
    .description('list what was unusual about agents, newest first')
    .option('--agent <agent>', 'of this agent, by name or DID')
    .addOption(choice('--kind <kind>', 'of this kind', anomalyKind.options))
    .option('--from <time>', 'noticed not before (RFC 3339)')
    .option('--to <time>', 'noticed before (RFC 3339)')
    .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50)
    .action(act((options: ListOptions) => list(context(), options)));
  addAdminOptions(command.command('anomaly-settings'))
    .description('show from when on something counts as an anomaly, or say it')
    .option('--set <file>', 'JSON as -o json shows it; what is left out is as by default')
    .action(act((options: ConnectionOptions & { set?: string }) => settings(context(), options)));
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const connection = new Connection(context, options);
  const client = await connection.asAdmin();
  const { kind, from, to, limit } = options;
  const agent = options.agent && (await findDid(options.agent, connection.agents, client));
  const page = await client.audit.anomalies({ agent, kind, from, to, limit });
  const rows = page.items.map((item) => [
    ...[item.detectedAt, item.kind, item.agent, item.explanation, item.examples.join(' ')],
  ]);
  context.output.data(page, () =>
    rows.length === 0
      ? 'Nothing was unusual.'
      : table(['noticed', 'kind', 'agent', 'what', 'among others with'], rows),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit, or narrow the search');
}

async function settings(
  context: Context,
  { set, ...options }: ConnectionOptions & { readonly set?: string },
): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const now =
    set === undefined
      ? await client.audit.anomalySettings()
      : await client.audit.putAnomalySettings(
          (await readJsonFile(set)) as OperationRequest<'audit.putAnomalySettings'>,
        );
  context.output.data(now, () => described(now));
}

function described({ windowSeconds, warmUpWindows, cooldownSeconds, overrides, ...rules }: Settings): string {
  const rows = anomalyKind.options.map((kind) => {
    const { enabled, ...figures } = rules[kind];
    const what = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
    return [kind, enabled ? 'on' : 'off', what.join(', ')];
  });
  return [
    `Windows of ${windowSeconds} s; ${warmUpWindows} before an agent is judged; quiet for ${cooldownSeconds} s ends an incident.`,
    table(['kind', '', 'rules'], rows),
    ...overrides.map(({ agent, ...own }) => visible(`${agent} has its own: ${Object.keys(own).join(', ')}`)),
  ].join('\n');
}
