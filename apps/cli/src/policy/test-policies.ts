import { type Policy } from '@concordat/contracts';
import { builtinPolicies, compilePolicies, type PolicyTestResult, runPolicyTests } from '@concordat/policy';
import { type Context, UserError } from '../context';
import { type Progress, table, visible } from '../output';
import { readPolicyFile } from './policy-file';

/**
 * `policy test`: the tests in the files, asked of all of them together with the policies that come with Concordat, without
 * a server. Exits with 1 when one fails. What else is in force in a tenant only `policy dry-run` knows.
 * @throws UserError for a file that is no policy
 */
export async function testPolicies({ output, progress }: Context, files: readonly string[]): Promise<void> {
  const written = await readAll(files);
  const set = compilePolicies([...builtinPolicies, ...written]);
  const results = runPolicyTests(set, written).map(({ got, ...result }) => ({ ...result, decided: got }));
  const failed = results.filter((result) => !result.passed).length;
  const passed = results.length - failed;
  const idlePatterns = set.idlePatterns.filter(isOwn);
  warnOfIdlePatterns(progress, idlePatterns);
  output.data(
    { passed, failed, results, idlePatterns },
    () => `${resultsTable(results)}${passed} passed, ${failed} failed`,
  );
  if (failed > 0) process.exitCode = 1;
}

async function readAll(files: readonly string[]): Promise<Policy[]> {
  const fileOf = new Map<string, string>();
  const policies: Policy[] = [];
  for (const file of files) {
    const document = await readPolicyFile(file);
    const other = fileOf.get(document.id);
    if (other !== undefined)
      throw new UserError(visible(`${file} and ${other} both have the id ${document.id}.`));
    fileOf.set(document.id, file);
    // The version of what is tried does not matter to a decision.
    policies.push({ ...document, version: 1 });
  }
  return policies;
}

type Result = Omit<PolicyTestResult, 'got'> & { readonly decided: Verdict };
interface Verdict {
  readonly allow: boolean;
  /** null: no rule; left out: any */
  readonly rule?: string | null;
}

function resultsTable(results: readonly Result[]): string {
  if (results.length === 0) return '';
  const rows = results.map(({ passed, policy, name, expected, decided }) => [
    ...[mark(passed), policy, name, verdict(expected), verdict(decided)],
  ]);
  return `${table([' ', 'policy', 'test', 'expected', 'decided'], rows)}\n\n`;
}

export const mark = (passed: boolean): string => (passed ? '✓' : '✗');

/** `deny by office/elsewhere`, `deny by no rule`, or only `deny` where any rule will do. */
export function verdict({ allow, rule }: Verdict): string {
  const effect = allow ? 'allow' : 'deny';
  return rule === undefined ? effect : `${effect} by ${rule ?? 'no rule'}`;
}

interface Pattern {
  /** `<policy>/<rule>` */
  readonly rule: string;
  readonly pattern: string;
}

/** The built-in policies are nobody's to correct. */
const isOwn = ({ rule }: Pattern): boolean => !rule.startsWith('builtin-');

/** A pattern that fits no operation does nothing, and least of all what its author meant. */
export function warnOfIdlePatterns(progress: Progress, patterns: readonly Pattern[]): void {
  for (const { rule, pattern } of patterns.filter(isOwn))
    progress.warn(visible(`${rule}: ${pattern} fits no operation`));
}
