import { scope, subjectKinds, userRoles } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command, InvalidArgumentError } from 'commander';
import { act, during } from '../client/act';
import { wholeNumber } from '../client/arguments';
import { addAdminOptions, addKeyOptions, Connection, type ConnectionOptions } from '../client/connection';
import { type Context } from '../context';
import { jsonText, table, visible } from '../output';
import { readPolicyFile } from '../policy/policy-file';
import { mark, testPolicies, verdict, warnOfIdlePatterns } from '../policy/test-policies';

type Question = OperationRequest<'policy.check'>;
type VersionOptions = ConnectionOptions & { readonly ifMatch?: number };
/** Here `--as` is whom the question is about; it is asked with an API key. */
type CheckOptions = Omit<ConnectionOptions, 'as'> & {
  readonly as: Pick<Question['subject'], 'kind' | 'id'>;
  readonly role?: NonNullable<Question['subject']['roles']>;
  readonly scope?: NonNullable<Question['subject']['scopes']>;
  readonly resource?: Question['resource'];
};

/** `policy test|dry-run|put|list|show|check|remove` */
export function register(command: Command, context: () => Context): void {
  command
    .command('test <files...>')
    .description('run the tests in policies, without a server; exits with 1 when one fails')
    .action(act((files: string[]) => testPolicies(context(), files)));
  addAdminOptions(command.command('dry-run <file>'))
    .description('say what a policy would change; exits with 1 when a test would fail')
    .action(act((file: string, options: ConnectionOptions) => tryOut(context(), file, options)));
  addVersion(addAdminOptions(command.command('put <file>')))
    .description('publish a policy: in force at once, if all tests pass')
    .action(act((file: string, options: VersionOptions) => put(context(), file, options)));
  addAdminOptions(command.command('list'))
    .description('list the policies in force, those that come with Concordat included')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 200)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
  addAdminOptions(command.command('show <id>'))
    .description('show a policy as it is in force')
    .action(act((id: string, options: ConnectionOptions) => show(context(), id, options)));
  addKeyOptions(command.command('check <action>'))
    .description('ask whether somebody may do something, like agent.revoke, and why')
    .requiredOption('--as <kind:id>', `about whom; kinds: ${subjectKinds.join(', ')}`, subject)
    .option('--role <role>', `a role of a user: ${userRoles.join(', ')}; may be repeated`, several(userRoles))
    .option(
      '--scope <scope>',
      `a scope: ${scope.options.join(', ')}; may be repeated`,
      several(scope.options),
    )
    .option('--resource <type:id>', 'on what, like agent:did:key:z6Mk…; or only a type', resource)
    .action(act((action: string, options: CheckOptions) => check(context(), action, options)));
  addVersion(addAdminOptions(command.command('remove <id>')))
    .description('put a policy out of force')
    .action(act((id: string, options: VersionOptions) => remove(context(), id, options)));
}

const addVersion = (command: Command): Command =>
  command.option(
    '--if-match <version>',
    'only when this is its version; 0: only when it is new',
    wholeNumber(0, 9_999_999_999),
  );

const several =
  <T extends string>(choices: readonly T[]) =>
  (text: string, before: readonly T[] = []): T[] => {
    const found = choices.find((name) => name === text.toLowerCase());
    if (found === undefined) throw new InvalidArgumentError(`Allowed: ${choices.join(', ')}.`);
    return [...new Set([...before, found])];
  };

/** `agent:did:key:z6Mk…`: an id may have colons of its own. */
function subject(text: string): CheckOptions['as'] {
  const cut = text.indexOf(':');
  const kind = subjectKinds.find((name) => name === text.slice(0, cut));
  if (cut < 1 || kind === undefined || cut === text.length - 1)
    throw new InvalidArgumentError(`It must be <kind>:<id>, the kind one of ${subjectKinds.join(', ')}.`);
  return { kind, id: text.slice(cut + 1) };
}

function resource(text: string): NonNullable<Question['resource']> {
  const [, type, id] = /^([a-z][A-Za-z]{0,63})(?::(.+))?$/s.exec(text) ?? [];
  if (type === undefined) throw new InvalidArgumentError('It must be <type>:<id>, or a type.');
  return { type, id: id ?? null };
}

async function tryOut(context: Context, file: string, options: ConnectionOptions): Promise<void> {
  const document = await readPolicyFile(file);
  const client = await new Connection(context, options).asAdmin();
  const found = await during(context.progress, `trying ${file}`, client.policies.dryRun(document));
  const { results, changes, idlePatterns } = found;
  warnOfIdlePatterns(context.progress, idlePatterns);
  context.output.data(found, () => {
    const tests = results.map((test) => [mark(test.passed), test.policy, test.name, verdict(test)]);
    const cells = changes.map(({ who, action, before, after }) => [who, action, before, after]);
    return [
      ...(tests.length === 0 ? [] : [table([' ', 'policy', 'test', 'decided'], tests), '']),
      cells.length === 0
        ? 'No kind of caller would be let in otherwise than now.'
        : table(['who', 'action', 'now', 'then'], cells),
    ].join('\n');
  });
  if (results.some(({ passed }) => !passed)) process.exitCode = 1;
}

async function put(context: Context, file: string, options: VersionOptions): Promise<void> {
  const document = await readPolicyFile(file);
  const client = await new Connection(context, options).asAdmin();
  const ifMatch = options.ifMatch?.toString();
  const asked = client.policies.put({ ...document, ifMatch });
  const policy = await during(context.progress, `publishing ${document.id}`, asked);
  context.output.data(policy, () => `${visible(policy.id)} is in force, as version ${policy.version}.`);
}

async function list(context: Context, options: ConnectionOptions & { limit: number }): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.policies.list({ limit: options.limit });
  context.output.data(page, () =>
    table(
      ['id', 'version', 'rules', 'tests', 'changed', 'description'],
      page.items.map(({ id, version, rules, tests, updatedAt, description }) => [
        ...[id, String(version), String(rules), String(tests)],
        ...[updatedAt ?? '(built in)', description],
      ]),
    ),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}

async function show(context: Context, id: string, options: ConnectionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const policy = await client.policies.get({ id });
  context.output.data(policy, () => jsonText(policy));
}

async function check(context: Context, action: string, { as, ...options }: CheckOptions): Promise<void> {
  const { role: roles, scope: scopes, resource: on, ...connection } = options;
  const client = await new Connection(context, connection).asAdmin();
  const question = { subject: { ...as, roles, scopes }, action, resource: on };
  const answer = await during(context.progress, `asking about ${action}`, client.policies.check(question));
  context.output.data(answer, () => {
    const rows = answer.explain.map((rule) => [
      ...[rule.matched ? '✓' : '–', `${rule.policy}/${rule.rule}`, rule.effect, rule.why],
    ]);
    const rules = rows.length === 0 ? [] : ['', table([' ', 'rule', 'effect', 'why'], rows)];
    return [visible(verdict(answer)), ...rules].join('\n');
  });
}

async function remove(context: Context, id: string, options: VersionOptions): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const removed = await client.policies.remove({ id, ifMatch: options.ifMatch?.toString() });
  context.output.data(removed, () => `${visible(removed.id)} is out of force.`);
}
