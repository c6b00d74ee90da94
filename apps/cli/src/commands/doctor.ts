import { join } from 'node:path';
import { type Command } from 'commander';
import { type Context } from '../context';
import { examineCheckout } from '../doctor/checkout';
import { type Finding } from '../doctor/finding';
import { examineInstallation } from '../doctor/installation';
import { examineMachine } from '../doctor/machine';
import { examineNamedServers } from '../doctor/named-servers';
import { table } from '../output';
import { repositoryRoot } from '../repository';

/** `doctor`: what is wrong, and the fix. Exit code 1 when something is broken. */
export function register(command: Command, context: () => Context): void {
  command.action(async () => {
    const { environment, dataDirectory, output, progress } = context();
    progress.doing('looking');
    const findings = (
      await Promise.all([
        examineMachine(environment),
        examineNamedServers(environment),
        examineCheckout(repositoryRoot, environment.appsDirectory ?? join(repositoryRoot, 'apps')),
        examineInstallation(dataDirectory),
      ])
    ).flat();
    progress.end();
    const healthy = findings.every(({ status }) => status !== 'broken');
    output.data({ ok: healthy, findings }, () => report(findings));
    if (!healthy) process.exitCode = 1;
  });
}

const signs = { ok: '✓', warning: '!', broken: '✗' } as const;

function report(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, status, detail }) => [signs[status], name, detail]);
  const fixes = findings
    .filter(({ fix }) => fix !== undefined)
    .map(({ name, status, fix }) => `${signs[status]} ${name}: ${fix}`);
  return [table(['', 'what', 'found'], rows), ...(fixes.length > 0 ? ['', 'To do:', ...fixes] : [])].join(
    '\n',
  );
}
