import { Command, CommanderError } from 'commander';
import { type CommandEntry, commands } from './commands';
import { addGlobalOptions, contextOf, UserError } from './context';
import { version } from './repository';

/**
 * Runs one command line.
 * @param argv without node and script
 * @returns the exit code: 0, 1 when it failed, 2 when it was called wrongly
 */
export async function runCommandLine(
  argv: readonly string[],
  entries: readonly CommandEntry[] = commands,
): Promise<number> {
  try {
    await programOf(argv, entries).parseAsync([...argv], { from: 'user' });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`concordat: ${describe(error)}\n`);
    return 1;
  }
}

function programOf(argv: readonly string[], entries: readonly CommandEntry[]): Command {
  const program = new Command('concordat')
    .description('A self-hosted trust fabric for AI agents.')
    .version(version(), '-V, --version', 'the version of this checkout')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(run with --help to see what there is)')
    .exitOverride();
  addGlobalOptions(program);
  for (const { name, summary, hidden = false, load } of entries) {
    const command = program.command(name, { hidden }).description(summary).exitOverride();
    command.configureHelp({ showGlobalOptions: true });
    // The others are only listed; loading them would make every command as slow as the slowest.
    if (argv.includes(name)) load().register(command, () => contextOf(program));
  }
  return program;
}

/** The fix is in the message; a stack is for the errors that nobody foresaw. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const foreseen = error instanceof UserError || /^(NotReady|PortTaken|Permissions)Error$/.test(error.name);
  return foreseen || error.constructor === Error ? error.message : (error.stack ?? error.message);
}
