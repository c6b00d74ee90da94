import { join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Context } from '../context';
import { type Environment } from '../environment';
import { repositoryRoot } from '../repository';
import { DEFAULT_HTTP_PORT } from './port-plan';
import { type SuperviseOptions } from './supervise';

export interface UpOptions {
  readonly httpPort: number;
  readonly grpcPort?: number;
  readonly gateways: number;
  readonly readySeconds: number;
}

const MAX_GATEWAYS = 16;

/** The options that `up` and the supervisor in the background share. */
export function addUpOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--http-port <n>', 'port of the first gateway; 0: any free one, for all ports')
        .argParser(wholeNumber(0, 65_535))
        .default(DEFAULT_HTTP_PORT),
    )
    .addOption(
      new Option(
        '--grpc-port <n>',
        'its gRPC port; 0: any free one (default: the one after --http-port)',
      ).argParser(wholeNumber(0, 65_535)),
    )
    .addOption(
      new Option('--gateways <n>', 'how many gateways; each further one has the next two ports')
        .argParser(wholeNumber(1, MAX_GATEWAYS))
        .default(1),
    )
    .addOption(
      new Option('--ready-seconds <n>', 'how long the start may take')
        .argParser(wholeNumber(1, 3_600))
        .default(60)
        .hideHelp(),
    );
}

/** The arguments by which another process gets the same options. */
export const upArguments = ({ httpPort, grpcPort, gateways, readySeconds }: UpOptions): string[] => [
  `--http-port=${httpPort}`,
  ...(grpcPort === undefined ? [] : [`--grpc-port=${grpcPort}`]),
  `--gateways=${gateways}`,
  `--ready-seconds=${readySeconds}`,
];

export const superviseOptions = (
  { dataDirectory, environment }: Context,
  { httpPort, grpcPort, gateways, readySeconds }: UpOptions,
): SuperviseOptions => ({
  dataDirectory,
  environment,
  appsDirectory: environment.appsDirectory ?? join(repositoryRoot, 'apps'),
  ports: { http: httpPort, grpc: grpcPort, gateways },
  readyDeadlineMs: readySeconds * 1_000,
});

/** From here on whatever this process and its children create, with whatever mode they ask for, is private. */
export const createPrivately = (): void => void process.umask(0o077);

/**
 * The first SIGINT, SIGTERM or SIGHUP asks to stop, the next one to hurry.
 * @param hangupIgnored SIGHUP does nothing; left alone it would still end the process, for Node undoes what nohup did
 */
export function stopSignals({ hangupIgnored }: Pick<Environment, 'hangupIgnored'>): {
  stop: AbortSignal;
  hurry: AbortSignal;
} {
  const stop = new AbortController();
  const hurry = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? hurry : stop).abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, onSignal);
  process.on('SIGHUP', hangupIgnored ? () => undefined : onSignal);
  return { stop: stop.signal, hurry: hurry.signal };
}

const wholeNumber =
  (lowest: number, highest: number) =>
  (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };
