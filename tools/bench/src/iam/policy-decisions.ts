import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cleanEnvironment } from '../environment';
import { type BenchResult, result } from '../report';
import { repository } from '../system';
import type { BenchPlan } from '../plan';

/** Prints a JSON line per set of policies. */
const program = join(repository, 'libs', 'policy', 'dist', 'decide.bench.js');
const wishedRules = 100;

interface PolicyCase {
  readonly name: string;
  readonly rules: number;
  readonly decisionsPerSecond: number;
}

/** Decisions of the policy engine, in memory, on one core: of the sets of a hundred rules and more, the slowest one. */
export async function policyDecisions({ tell }: BenchPlan): Promise<BenchResult[]> {
  if (!existsSync(program)) {
    tell(`no policy decisions: ${program} is missing`);
    return [];
  }
  tell('policy decisions');
  const { stdout } = await promisify(execFile)(process.execPath, [program], { env: cleanEnvironment() });
  const cases = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as PolicyCase);
  const [slowest] = cases
    .filter(({ rules }) => rules >= wishedRules)
    .sort((a, b) => a.decisionsPerSecond - b.decisionsPerSecond);
  if (!slowest) throw new Error(`no set of policies has ${wishedRules} rules`);
  return [
    result('iam.policy.decisions_per_s', slowest.decisionsPerSecond, '1/s', {
      ...{ loop: 'closed', concurrency: 1, policies: slowest.name, rules: slowest.rules },
      path: 'one core, in memory, requests parsed before; the slowest of the sets with 100 rules or more',
      ...Object.fromEntries(
        cases.map(({ name, decisionsPerSecond }) => [`perS of ${name}`, decisionsPerSecond]),
      ),
    }),
  ];
}
