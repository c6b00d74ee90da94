import { errorDefinition, isConcordatError } from '@concordat/contracts';
import { bootstrap, type BootstrapOptions } from './bootstrap';

/**
 * What the main file of a service does: reads its settings, starts, and says in plain words why it cannot.
 * @param options reads the settings; what it throws is said too
 */
export function runService(name: string, options: () => Omit<BootstrapOptions, 'name'>): void {
  const start = async (): Promise<unknown> => bootstrap({ name, ...options() });
  start().catch((error: unknown) => {
    process.stderr.write(`${name} did not start: ${reasonOf(error)}\n`);
    process.exit(1);
  });
}

function reasonOf(error: unknown): string {
  if (isConcordatError(error)) return `${error.detail}\nFix: ${errorDefinition(error.code).fix}`;
  return error instanceof Error ? error.message : String(error);
}
