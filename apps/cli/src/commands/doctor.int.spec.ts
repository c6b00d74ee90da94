import { chmodSync, chownSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { examineInstallation } from '../doctor/installation';
import { type Finding } from '../doctor/finding';
import { builtCli, ending } from '../supervisor/built-cli.fixture';
import { type StandIns, standIns } from '../supervisor/stand-ins.fixture';

let place: StandIns;
const { run: cli, spawn: spawnCli } = builtCli(() => place);
beforeEach(() => {
  place = standIns();
});
afterEach(async () => {
  await cli('down');
  await place.remove();
});

const file = (): string => join(place.dataDirectory, 'run.json');
const findings = (): Promise<Finding[]> => examineInstallation(place.dataDirectory);
const named = async (name: string): Promise<Finding | undefined> =>
  (await findings()).find((finding) => finding.name === name);

/** @returns the supervisor's pid; frozen, so that it does not write run.json anew, until `down` wakes it */
async function up(): Promise<number> {
  place.prepare();
  await cli('up', '--detach', '--http-port', '0');
  const { supervisorPid } = await place.run();
  process.kill(supervisorPid, 'SIGSTOP');
  return supervisorPid;
}

describe('doctor', () => {
  it('knows by its pid that it runs, though run.json is gone or damaged', async () => {
    const pid = await up();
    expect(await named('supervisor')).toMatchObject({ status: 'ok', detail: `process ${pid}` });
    rmSync(file());
    expect(await named('supervisor')).toMatchObject({
      status: 'warning',
      detail: `process ${pid} runs; ${file()} says nothing of it`,
    });
    writeFileSync(file(), '{"version":1,"processes":[null]}');
    expect(await named('supervisor')).toMatchObject({
      detail: `process ${pid} runs; ${file()} cannot be read: it is damaged`,
    });
  });

  it('when nothing runs says so, and names a damaged run.json', async () => {
    mkdirSync(place.dataDirectory, { mode: 0o700 });
    expect(await named('supervisor')).toMatchObject({ status: 'ok', detail: 'Concordat does not run' });
    writeFileSync(file(), '{');
    expect(await named('run.json')).toMatchObject({
      status: 'warning',
      fix: expect.stringContaining('down'),
    });
  });

  it('finds that somebody else answers in the place of a service', async () => {
    await up();
    const run = await place.run();
    const vault = run.processes.find(({ name }) => name === 'vault-service')!;
    const other = run.processes.find(({ name }) => name === 'iam-service')!;
    place.tell('crash', 'vault-1');
    const lie = { ...vault, port: other.port, healthUrl: other.healthUrl };
    const processes = run.processes.map((entry) => (entry === vault ? lie : entry));
    writeFileSync(file(), JSON.stringify({ ...run, processes }));
    expect(await named('vault-service')).toMatchObject({
      status: 'broken',
      detail: expect.stringMatching(`port ${other.port} is held by process ${other.pid} .*, not by process`),
    });
  });
});

(process.getuid?.() === 0 ? describe : describe.skip)('as an ordinary user', () => {
  it('doctor says that run.json is closed, not that nothing runs, and down does not pretend', async () => {
    await up();
    const asNobody = (command: string): ReturnType<typeof ending> =>
      ending(spawnCli([command, '-o', 'json'], { user: 65_534 }));
    const doctor = await asNobody('doctor');
    const found = (JSON.parse(doctor.stdout) as { findings: Finding[] }).findings;
    expect(found.filter(({ name }) => name === 'supervisor')).toMatchObject([
      { status: 'warning', detail: expect.stringMatching('whether it runs cannot be told: .*EACCES') },
    ]);
    const down = await asNobody('down');
    expect(down.code).toBe(1);
    expect(down.stderr).toContain('as the user that started it');
    expect(readFileSync(file(), 'utf8')).toContain('"ready"');
  });

  it('doctor tells a folder that is read-only', async () => {
    mkdirSync(place.dataDirectory);
    chownSync(place.dataDirectory, 65_534, 65_534);
    chmodSync(place.dataDirectory, 0o500);
    const doctor = await ending(spawnCli(['doctor', '-o', 'json'], { user: 65_534 }));
    const found = (JSON.parse(doctor.stdout) as { findings: Finding[] }).findings;
    expect(found.filter(({ name }) => name === 'data folder')).toMatchObject([
      { status: 'broken', detail: expect.stringContaining('This user may not use it') },
    ]);
  });
});

describe('up', () => {
  it('warns when the admin key is gone although this is not the first start', async () => {
    const upAloud = (): ReturnType<typeof cli> => cli('up', '--detach', '--http-port', '0');
    expect((await upAloud()).stderr).not.toContain('admin.key is missing');
    await cli('down');
    rmSync(join(place.dataDirectory, 'admin.key'));
    // The real iam-service makes a key at the first start only.
    const main = join(place.appsDirectory, 'iam-service', 'dist', 'main.js');
    const standIn = readFileSync(main, 'utf8');
    writeFileSync(main, `delete process.env.CONCORDAT_ADMIN_KEY_FILE;\n${standIn}`);
    const { code, stderr, stdout } = await upAloud();
    expect(code).toBe(0);
    expect(stderr).toMatch(/! .*admin\.key is missing\. A key is made only at the very first start/);
    expect(stdout).not.toContain('shown this once');
  });
});
