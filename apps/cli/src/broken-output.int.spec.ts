import { type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { waitUntil } from '@concordat/processes';
import { builtCli, type Ended, ending } from './supervisor/built-cli.fixture';
import { type StandIns, standIns } from './supervisor/stand-ins.fixture';

let place: StandIns;
const cli = builtCli(() => place);
beforeEach(() => {
  place = standIns();
});
afterEach(async () => {
  await cli.run('down');
  await place.remove();
});

const up = ['up', '--http-port', '0'];
const until = (check: () => Promise<void>): Promise<void> => waitUntil(check, { deadlineMs: 20_000 });
const ready = (): Promise<void> => until(async () => expect((await place.run()).phase).toBe('ready'));

/** Nobody reads, as behind a `head` that has ended. */
function unheard(child: ChildProcess): ChildProcess {
  child.stdout?.destroy();
  child.stderr?.destroy();
  return child;
}

/** On a disk that is full. */
function full(...args: string[]): ChildProcess {
  const disk = openSync('/dev/full', 'w');
  const child = cli.spawn(args, { stdio: ['ignore', disk, disk] });
  closeSync(disk);
  return child;
}

async function drainsOnCtrlC(child: ChildProcess): Promise<void> {
  const ended = ending(child);
  await ready();
  // What it says while it runs cannot be written either.
  process.kill((await place.processOf('bus-gateway-1')).pid!, 'SIGKILL');
  await until(async () =>
    expect(await place.processOf('bus-gateway-1')).toMatchObject({ state: 'ready', restarts: 1 }),
  );
  child.kill('SIGINT');
  expect(await ended).toMatchObject({ code: 0 });
  expect(place.trace()).toEqual(expect.arrayContaining(['end bus-1', 'end iam-1']));
}

describe('a short command', () => {
  it('whose reader has seen enough ends without a word', async () => {
    const child = cli.spawn(['--help']);
    child.stdout?.destroy();
    expect(await ending(child)).toEqual({ code: 0, stdout: '', stderr: '' } satisfies Ended);
  });

  it('on a disk that is full fails, and says why', async () => {
    const disk = openSync('/dev/full', 'w');
    const child = cli.spawn(['--help'], { stdio: ['ignore', disk, 'pipe'] });
    closeSync(disk);
    const { code, stderr } = await ending(child);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^concordat: the output could not be written \(ENOSPC.*\)\.\n$/);
  });
});

describe('up in the foreground', () => {
  it('goes on when nobody hears it any more, and drains on Ctrl-C', async () => {
    await drainsOnCtrlC(unheard(cli.spawn(up)));
  });

  it('goes on when its output lies on a disk that is full, and drains on Ctrl-C', async () => {
    await drainsOnCtrlC(full(...up));
  });

  it('drains when its terminal goes away', async () => {
    const child = cli.spawn(up);
    const ended = ending(child);
    await ready();
    child.kill('SIGHUP');
    expect((await ended).code).toBe(0);
    expect(place.trace()).toContain('end iam-1');
  });

  it('begun with nohup goes on when its terminal goes away', async () => {
    const child = cli.spawn(up, { env: { CONCORDAT_HANGUP: 'ignored' } });
    await ready();
    child.kill('SIGHUP');
    await drainsOnCtrlC(child);
  });
});

describe('the supervisor in the background', () => {
  it('outlives a log that lies on a disk that is full', async () => {
    await drainsOnCtrlC(full('supervise', '--http-port', '0'));
  });
});
