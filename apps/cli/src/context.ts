import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { type Environment, readEnvironment } from './environment';
import { type Output, output, type OutputFormat, type Progress, progressOn } from './output';
import { repositoryRoot } from './repository';

/** What every command gets. */
export interface Context {
  readonly environment: Environment;
  /** absolute */
  readonly dataDirectory: string;
  readonly output: Output;
  readonly progress: Progress;
}

/** A problem that the user can solve: its message goes to stderr without a stack, and the command exits with 1. */
export class UserError extends Error {
  override readonly name = 'UserError';
}

/** Adds the options that hold for every command. They may stand before or after its name. */
export function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option('-o, --output <format>', 'how to print data').choices(['table', 'json']).default('table'),
    )
    .option('--data <dir>', 'the data folder (default: .concordat in the repository, or $CONCORDAT_DATA)');
}

export function contextOf(program: Command): Context {
  const { output: format, data } = program.opts<{ output: OutputFormat; data?: string }>();
  // An empty one, of a variable that is not set, would mean the folder one happens to stand in.
  if (data?.trim() === '') throw new UserError('--data is empty. Name a folder, or leave it out.');
  const environment = readEnvironment();
  return {
    environment,
    dataDirectory: resolve(data ?? environment.dataDirectory ?? join(repositoryRoot, '.concordat')),
    output: output(format),
    progress: progressOn(),
  };
}
