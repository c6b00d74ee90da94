import {
  dragMode,
  governanceOutcome,
  governanceView,
  type GovernanceView,
  limits,
  workflowStatus,
} from '@concordat/contracts';
import { type Concordat, type OperationRequest } from '@concordat/sdk';
import { Argument, type Command, InvalidArgumentError } from 'commander';
import { act, during } from '../client/act';
import { choice, json, jsonOrText, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { importLog, inWords } from '../governance/import-log';
import { logTable, metricTable, viewTable, workflowTable } from '../governance/governance-tables';
import { jsonText, visible } from '../output';

type LogRequest = OperationRequest<'governance.log'>;
type LogOptions = ConnectionOptions &
  Omit<LogRequest, 'action' | 'aim'> & {
    readonly actor: string;
    readonly mission: string;
    readonly constraint?: readonly string[];
  };

/** `governance log|logs|workflow|metric|metrics|view|import` */
export function register(command: Command, context: () => Context): void {
  addLogs(command, context);
  addWorkflows(
    command.command('workflow').description('start, end, list and show workflow executions'),
    context,
  );
  addMetrics(command, context);
  addAdminOptions(command.command('view'))
    .description('read a view of the tenant')
    .addArgument(new Argument('<view>', names(governanceView.options)).argParser(viewName))
    .action(
      act(async (view: GovernanceView, options: ConnectionOptions) => {
        const client = await clientOf(context(), options);
        const found = await client.governance.view({ view });
        context().output.data(found, () =>
          found.items.length === 0 ? 'Nothing is there.' : viewTable(found),
        );
      }),
    );
  addAdminOptions(command.command('import'))
    .description('import an older audit log (JSONL); what was imported before is passed over')
    .argument('<file>', 'one JSON object per line; - is stdin')
    .option('--dry-run', 'say what would be imported and what is wrong, and change nothing')
    .addHelpText('after', namesOfLines)
    .action(
      act(async (file: string, options: ConnectionOptions & { dryRun?: boolean }) => {
        const { dryRun = false } = options;
        const client = await clientOf(context(), options);
        const counts = await importLog(context(), client, { file, dryRun });
        context().progress.done(inWords(counts, dryRun));
        if (counts.refused > 0) process.exitCode = 1;
      }),
    );
}

function addLogs(command: Command, context: () => Context): void {
  addAdminOptions(command.command('log <action>'))
    .description('record what was done, in which DRAG mode, and why (AIM)')
    .addOption(choice('--mode <mode>', 'how far it was meant to go', dragMode.options).makeOptionMandatory())
    .requiredOption('--actor <text>', 'as whom it was done')
    .requiredOption('--mission <text>', 'what for')
    .option('--constraint <text>', 'within which bounds; may be repeated', gathered)
    .addOption(choice('--outcome <outcome>', 'how it went', governanceOutcome.options))
    .option('--details <json>', 'anything else, or @file with it', json)
    .option('--workflow-id <id>', 'the workflow execution that it is a part of')
    .option('--correlation-id <id>', 'the conversation that it is a part of')
    .option('--occurred-at <time>', 'when, if not now (RFC 3339)')
    .action(act((action: string, options: LogOptions) => log(context(), action, options)));
  addPeriod(addAdminOptions(command.command('logs')))
    .description('search the governance log')
    .option('--subject <subject>', 'about this: a DID, user:<id> or apiKey:<id>')
    .addOption(choice('--mode <mode>', 'in this mode', dragMode.options))
    .option('--action <action>', 'this was done')
    .addOption(choice('--outcome <outcome>', 'it went so', governanceOutcome.options))
    .option('--workflow-id <id>', 'of this workflow execution')
    .action(
      act(async (options: ConnectionOptions & OperationRequest<'governance.logs'>) => {
        const { subject, mode, action, outcome, workflowId, from, to, limit } = options;
        const asked = { subject, mode, action, outcome, workflowId, from, to, limit };
        await list(context(), options, (client) => client.governance.logs(asked), logTable);
      }),
    );
}

async function log(context: Context, action: string, options: LogOptions): Promise<void> {
  const {
    mode,
    actor,
    mission,
    constraint = [],
    outcome,
    details,
    workflowId,
    correlationId,
    occurredAt,
  } = options;
  const client = await clientOf(context, options);
  const aim = { actor, mission, inputConstraints: [...constraint] };
  const input = { action, mode, aim, outcome, details, workflowId, correlationId, occurredAt };
  const made = await during(context.progress, 'recording', client.governance.log(input));
  context.output.data(made, () => `It is on record.\n  Id    ${made.id}\n  Hash  ${made.hash}`);
}

function addWorkflows(command: Command, context: () => Context): void {
  addAdminOptions(command.command('start <name>'))
    .description('record that an execution has started')
    .addOption(choice('--mode <mode>', 'how far it is meant to go', dragMode.options))
    .option('--parameters <json>', 'with what, or @file with it', json)
    .option('--correlation-id <id>', 'the conversation that it is a part of')
    .option('--started-at <time>', 'when, if not now (RFC 3339)')
    .action(
      act(
        async (
          name: string,
          options: ConnectionOptions & Omit<OperationRequest<'workflow.start'>, 'name'>,
        ) => {
          const { mode, parameters, correlationId, startedAt } = options;
          const client = await clientOf(context(), options);
          const made = await client.workflows.start({ name, mode, parameters, correlationId, startedAt });
          context().output.data(made, () => `${visible(name)} is running.\n  Id  ${made.id}`);
        },
      ),
    );
  addEnd(command, context, 'complete', 'completed');
  addEnd(command, context, 'fail', 'failed');
  addEnd(command, context, 'cancel', 'cancelled');
  addPeriod(addAdminOptions(command.command('list')))
    .description('list executions, the latest start first')
    .option('--name <name>', 'of this workflow')
    .addOption(choice('--status <status>', 'with this status', workflowStatus.options))
    .option('--subject <subject>', 'about this: a DID, user:<id> or apiKey:<id>')
    .action(
      act(async (options: ConnectionOptions & OperationRequest<'workflow.list'>) => {
        const { name, status, subject, from, to, limit } = options;
        const asked = { name, status, subject, from, to, limit };
        await list(context(), options, (client) => client.workflows.list(asked), workflowTable);
      }),
    );
  addAdminOptions(command.command('show <id>'))
    .description('show one execution, with parameters and result')
    .action(
      act(async (id: string, options: ConnectionOptions) => {
        const client = await clientOf(context(), options);
        const found = await client.workflows.get({ id });
        context().output.data(found, () => jsonText(found));
      }),
    );
}

type EndRequest = OperationRequest<'workflow.end'>;

function addEnd(command: Command, context: () => Context, verb: string, status: EndRequest['status']): void {
  addAdminOptions(command.command(`${verb} <id>`))
    .description(`record that an execution is ${status}`)
    .option('--result <json>', 'JSON, plain text, or @file with JSON', jsonOrText)
    .option('--ended-at <time>', 'when, if not now (RFC 3339)')
    .action(
      act(async (id: string, options: ConnectionOptions & Pick<EndRequest, 'result' | 'endedAt'>) => {
        const { result, endedAt } = options;
        const client = await clientOf(context(), options);
        const ended = await client.workflows.end({ id, status, result, endedAt });
        context().output.data(ended, () => `${visible(id)} is ${status}, after ${ended.durationMs} ms.`);
      }),
    );
}

function addMetrics(command: Command, context: () => Context): void {
  addAdminOptions(command.command('metric'))
    .description('record a figure')
    .argument('<name>', 'what it is called')
    .argument('<value>', 'a number', number)
    .option('--unit <unit>', 'in which it is')
    .addOption(choice('--mode <mode>', 'of work in this mode', dragMode.options))
    .option('--workflow-id <id>', 'of this workflow execution')
    .option('--measured-at <time>', 'when, if not now (RFC 3339)')
    .action(
      act(async (name: string, value: number, options: ConnectionOptions & MetricOptions) => {
        const { unit, mode, workflowId, measuredAt } = options;
        const client = await clientOf(context(), options);
        const made = await client.governance.recordMetric({
          name,
          value,
          unit,
          mode,
          workflowId,
          measuredAt,
        });
        context().output.data(made, () => `It is on record.\n  Id  ${made.id}`);
      }),
    );
  addPeriod(addAdminOptions(command.command('metrics')))
    .description('list figures')
    .option('--name <name>', 'of this name')
    .option('--subject <subject>', 'recorded by this: a DID, user:<id> or apiKey:<id>')
    .option('--workflow-id <id>', 'of this workflow execution')
    .action(
      act(async (options: ConnectionOptions & OperationRequest<'governance.metrics'>) => {
        const { name, subject, workflowId, from, to, limit } = options;
        const asked = { name, subject, workflowId, from, to, limit };
        await list(context(), options, (client) => client.governance.metrics(asked), metricTable);
      }),
    );
}

type MetricOptions = Omit<OperationRequest<'governance.recordMetric'>, 'name' | 'value'>;

const clientOf = (context: Context, options: ConnectionOptions): Promise<Concordat> =>
  new Connection(context, options).asAdmin();

const addPeriod = (command: Command): Command =>
  command
    .option('--from <time>', 'not before (RFC 3339)')
    .option('--to <time>', 'before (RFC 3339)')
    .option('--limit <n>', 'at most so many', wholeNumber(1, limits.pageItems), 50);

async function list<P extends { readonly items: readonly unknown[]; readonly nextCursor: string | null }>(
  context: Context,
  options: ConnectionOptions,
  ask: (client: Concordat) => Promise<P>,
  show: (page: P) => string,
): Promise<void> {
  const page = await ask(await clientOf(context, options));
  context.output.data(page, () => (page.items.length === 0 ? 'Nothing was found.' : show(page)));
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit, or narrow the search');
}

/** apps/audit-service/src/governance/imported-line.ts */
const namesOfLines = `
A line needs timestamp (or occurredAt, created_at), drag_mode (mode) and workflow_name (workflow, action). It may have
outcome, trace_id (correlation_id), user_id, actor_name (actor), input_constraints and mission_objective (mission), the
last three also inside of aim. Whatever else stands in it is kept with the record.`;

const gathered = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number.');
}

const short = (view: string): string => view.slice('v_'.length).replaceAll('_', '-');
const names = (views: readonly string[]): string => views.map(short).join(', ');

/** `recent-governance`, or as PostgreSQL calls it. */
function viewName(text: string): GovernanceView {
  const found = governanceView.options.find((view) => view === text || short(view) === text);
  if (found) return found;
  throw new InvalidArgumentError(`Allowed: ${names(governanceView.options)}.`);
}
