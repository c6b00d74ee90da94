import { parseArgs } from 'node:util';
import { isConcordatError } from '@concordat/contracts';
import { readMaintenanceConfig } from './config';
import { backup, type MaintainedService, rebuild, restore, type Surroundings, verify } from './tasks';

/** How often progress is told. */
const tellMs = 500;

/**
 * What the maintenance file of a service does: one command of `./concordat <service> …`, in a process of its own, on the
 * data folder that the environment names. Progress goes to stderr; the last line of stdout is the result, as JSON:
 * `{"ok":true,"result":…}` or `{"ok":false,"message":…}`.
 */
export function runMaintenance(service: MaintainedService): void {
  const answer = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`);
  perform(service, process.argv.slice(2)).then(
    (result) => answer({ ok: true, result }),
    (error: unknown) => {
      process.exitCode = 1;
      answer({ ok: false, message: messageOf(error) });
    },
  );
}

async function perform(service: MaintainedService, argv: string[]): Promise<object> {
  const { positionals, values } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      from: { type: 'string' },
      keep: { type: 'string' },
      'accept-loss': { type: 'boolean', default: false },
    },
  });
  const surroundings: Surroundings = {
    config: readMaintenanceConfig(),
    now: () => new Date(),
    onProgress: sparsely((text) => void process.stderr.write(`${text}\n`)),
  };
  const acceptLoss = values['accept-loss'];
  switch (positionals.join(' ')) {
    case 'verify':
      return verify(service, surroundings);
    case 'backup':
      return backup(service, surroundings, required('--to', values.to), keepOf(values.keep));
    case 'rebuild':
      return rebuild(service, surroundings);
    case 'restore':
      return restore(service, surroundings, { from: required('--from', values.from), acceptLoss });
    case 'recover':
      return restore(service, surroundings, { from: undefined, acceptLoss });
    default:
      throw new Error(
        `unknown: ${positionals.join(' ')}; there is verify, backup, rebuild, restore, recover`,
      );
  }
}

function keepOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new Error('--keep must be 1 or more');
  return Number(text);
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${name} is missing`);
  return value;
}

/** Passes on the first text, and then one in a while. */
function sparsely(tell: (text: string) => void): (text: string) => void {
  let last = -Infinity;
  return (text) => {
    if (performance.now() - last < tellMs) return;
    last = performance.now();
    tell(text);
  };
}

const messageOf = (error: unknown): string =>
  isConcordatError(error) ? error.detail : error instanceof Error ? error.message : String(error);
