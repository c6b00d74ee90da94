import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { findPostgresBinaries, reachableBinaries } from './postgres-binaries';
import { movedCluster } from './postgres-home';
import { copyClusterTemplate } from './postgres-template';
import { commandLine, isZombie } from './process-identity';
import { type StartedServer } from './start-server';
import { startPostgres, type StartPostgresOptions } from './start-postgres';
import { removeTemporaryDirectory, temporaryDirectory } from './temporary-directory';
import { waitUntil } from './wait-until';

interface PgClient {
  connect(): Promise<void>;
  query(sql: string): Promise<{ rows: Record<string, unknown>[] }>;
  end(): Promise<void>;
  on(event: 'error', listener: () => void): void;
}
// eslint-disable-next-line @typescript-eslint/no-require-imports -- it comes with @mikro-orm/postgresql, without types
const { Client } = require('pg') as { Client: new (options: { connectionString: string }) => PgClient };

const asRoot = process.getuid?.() === 0;
let directory: string;
const servers: StartedServer[] = [];

beforeEach(() => {
  directory = temporaryDirectory('concordat postgres ', 0o711);
});
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  removeTemporaryDirectory(directory);
});

async function postgres(options: StartPostgresOptions = {}): Promise<StartedServer> {
  const server = await startPostgres({ dir: directory, ...options });
  servers.push(server);
  return server;
}

/** The same, on a cluster that is there already: for what is not about its making. */
function postgresOfBefore(options: StartPostgresOptions = {}): Promise<StartedServer> {
  copyClusterTemplate(directory);
  return postgres(options);
}

async function query(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

/** PostgreSQL trusts a pid file only as far as the process is one of its own user. */
function owner(path: string): { uid: number; gid: number } {
  const { uid, gid } = statSync(path);
  return { uid, gid };
}

describe('a private PostgreSQL', () => {
  it('has the database concordat, is durable, and listens on loopback only', async () => {
    const { url, port } = await postgres();
    expect(new URL(url).pathname).toBe('/concordat');
    expect(
      await query(
        url,
        `SELECT current_database() AS database, current_user AS user, current_setting('fsync') AS fsync,
           current_setting('synchronous_commit') AS commit, current_setting('listen_addresses') AS addresses,
           current_setting('unix_socket_directories') AS sockets, current_setting('server_encoding') AS encoding,
           current_setting('port')::int AS port`,
      ),
    ).toEqual([
      {
        database: 'concordat',
        user: 'concordat',
        fsync: 'on',
        commit: 'on',
        addresses: '127.0.0.1',
        sockets: '',
        encoding: 'UTF8',
        port,
      },
    ]);
  });

  it('killed with SIGKILL comes back at the same port with its data', async () => {
    const server = await postgresOfBefore();
    await query(server.url, 'CREATE TABLE kept (n int)');
    for (let round = 1; round <= 5; round += 1) {
      await query(server.url, `INSERT INTO kept VALUES (${round})`);
      const started = performance.now();
      await server.kill9();
      await server.whenReady();
      expect(performance.now() - started).toBeLessThan(5_000);
    }
    expect(await query(server.url, 'SELECT count(*)::int AS count FROM kept')).toEqual([{ count: 5 }]);
  }, 60_000);

  it('stopped and started again has its data and its password', async () => {
    const first = await postgresOfBefore();
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');
    await first.stop();
    const second = await postgres({ port: first.port });
    expect(second.url).toBe(first.url);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  });

  it('lets nobody in without the password', async () => {
    const { port, url } = await postgres();
    const wrong = url.replace(/:[^:@]*@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow('password authentication failed');
    await expect(query(`postgres://concordat@127.0.0.1:${port}/concordat`, 'SELECT 1')).rejects.toThrow();
  });

  it('has its password in a private file, and neither in arguments nor logs', async () => {
    const { url, pid } = await postgres();
    const { password } = new URL(url);
    expect(readFileSync(join(directory, 'password'), 'utf8').trim()).toBe(password);
    expect(statSync(join(directory, 'password')).mode & 0o777).toBe(0o600);
    expect(commandLine(pid!).join(' ')).not.toContain(password);
    expect(readFileSync(join(directory, 'postgres.log'), 'utf8')).not.toContain(password);
    expect(readdirSync(directory).sort()).toEqual(['cluster', 'password', 'postgres.log']);
  });

  it('logs neither statements nor values', async () => {
    const { url } = await postgresOfBefore();
    await query(url, 'CREATE TABLE one (secret text PRIMARY KEY)');
    await query(url, "INSERT INTO one VALUES ('canary')");
    await expect(query(url, "INSERT INTO one VALUES ('canary')")).rejects.toThrow('duplicate key');
    await expect(query(url, "SELECT 'canary' FROM nowhere")).rejects.toThrow('nowhere');
    const log = readFileSync(join(directory, 'postgres.log'), 'utf8');
    expect(log).toContain('duplicate key');
    expect(log).not.toContain('canary');
  });

  it('whose password file was lost gets a new password', async () => {
    const first = await postgresOfBefore();
    await first.stop();
    rmSync(join(directory, 'password'));
    const second = await postgres();
    expect(second.url.replace(/:\d+\//, '')).not.toBe(first.url.replace(/:\d+\//, ''));
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('with the postmaster.pid of a process that is now another one starts', async () => {
    const first = await postgresOfBefore();
    await first.stop();
    const cluster = join(directory, 'cluster');
    // Only a process of the same user keeps PostgreSQL from starting; this one is no PostgreSQL.
    const { uid, gid } = statSync(cluster);
    const script =
      'const c = require("child_process").spawn("sleep", ["30"], JSON.parse(process.argv[1])); c.unref(); console.log(c.pid)';
    const as = JSON.stringify({ uid, gid, detached: true, stdio: 'ignore' });
    const other = Number(execFileSync(process.execPath, ['-e', script, as], { encoding: 'utf8' }));
    try {
      writeFileSync(join(cluster, 'postmaster.pid'), `${other}\n${cluster}\n1\n1\n\n127.0.0.1\n\n`, {
        mode: 0o600,
      });
      const second = await postgres();
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      process.kill(other, 'SIGKILL');
    }
  });

  it('whose predecessor died and is not buried yet starts nevertheless', async () => {
    const first = await postgresOfBefore();
    await first.stop();
    const cluster = join(directory, 'cluster');
    // `sleep` never takes note of the end of what it started when it was a shell, if that ends no sooner.
    const parent = spawn('sh', ['-c', 'exec 3<&0; cat <&3 & echo $!; exec sleep 60'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      ...owner(cluster),
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const zombie = Number(line.toString());
      await waitUntil(async () => expect(commandLine(parent.pid!)[0]).toBe('sleep'), { deadlineMs: 10_000 });
      parent.stdin.end();
      await waitUntil(async () => expect(isZombie(zombie)).toBe(true), { deadlineMs: 10_000 });
      writeFileSync(join(cluster, 'postmaster.pid'), `${zombie}\n${cluster}\n1\n1\n\n127.0.0.1\n\n`, {
        mode: 0o600,
      });
      const second = await postgres();
      expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('whose predecessor still runs stops that first', async () => {
    const orphan = await postgresOfBefore({ restart: false });
    await query(orphan.url, 'CREATE TABLE kept AS SELECT 1 AS n');
    const { pid } = orphan;
    const second = await postgres();
    expect(second.pid).not.toBe(pid);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
  }, 60_000);

  it('of another major version is refused with what to do', async () => {
    await (await postgresOfBefore()).stop();
    writeFileSync(join(directory, 'cluster', 'PG_VERSION'), '15\n');
    await expect(postgres()).rejects.toThrow(/was made by PostgreSQL 15, and this is 18\..*pg_dump/);
  });

  it('interrupted while its cluster was made begins anew', async () => {
    mkdirSync(join(directory, 'cluster.new'));
    writeFileSync(join(directory, 'cluster.new', 'PG_VERSION'), '18\n');
    const { url } = await postgres();
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(directory, 'cluster.new'))).toBe(false);
  });

  it('in a temporary folder takes it away when it stops', async () => {
    const server = await startPostgres();
    await server.stop();
    expect(existsSync(server.directory)).toBe(false);
  });
});

(asRoot ? describe : describe.skip)('as root, a private PostgreSQL', () => {
  const system = (): string => join(directory, 'system');

  it('runs as an unprivileged user that owns its data', async () => {
    const { pid } = await postgres();
    const uid = Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
    expect(uid).not.toBe(0);
    expect(statSync(join(directory, 'cluster')).uid).toBe(uid);
  });

  it('whose folder it cannot reach has its data elsewhere, also after a restart', async () => {
    const closed = join(directory, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const umask = process.umask(0o077);
    const dir = join(closed, 'postgres');
    const first = await postgres({ dir, systemDirectory: system() }).finally(() => process.umask(umask));
    await query(first.url, 'CREATE TABLE kept AS SELECT 1 AS n');
    await first.stop();
    const moved = await movedCluster(dir);
    expect(moved).toMatch(new RegExp(`^${system()}/[0-9a-f]{16}-[0-9a-f]{8}$`));
    expect(readFileSync(join(moved!, 'owner'), 'utf8').trim()).toBe(dir);
    const second = await postgres({ dir, systemDirectory: system() });
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 1 }]);
    await second.stop();
    rmSync(moved!, { recursive: true });
    await expect(postgres({ dir, systemDirectory: system() })).rejects.toThrow(/no longer exists.*moved-to/);
  });

  it('whose folder was closed later does not begin anew', async () => {
    const parent = join(directory, 'open');
    mkdirSync(parent);
    chmodSync(parent, 0o755);
    await (await postgres({ dir: join(parent, 'postgres') })).stop();
    chmodSync(parent, 0o700);
    await expect(postgres({ dir: join(parent, 'postgres'), systemDirectory: system() })).rejects.toThrow(
      /cannot reach its data.*chmod o\+x/,
    );
  });

  it('whose binaries it cannot reach runs a copy', async () => {
    // A checkout below /root: the same package, resolved through a link into a closed folder.
    const { root, version } = await findPostgresBinaries();
    const closed = join(directory, 'closed');
    mkdirSync(closed);
    execFileSync('cp', ['-a', root, join(closed, 'native')]);
    chmodSync(closed, 0o700);
    const account = { name: 'nobody', uid: 65_534, gid: 65_534 };
    const umask = process.umask(0o077);
    const copy = await reachableBinaries(
      { root: join(closed, 'native'), version },
      account,
      system(),
    ).finally(() => process.umask(umask));
    expect(copy.root).toBe(join(system(), `postgres-${version}-${process.platform}-${process.arch}`));
    const run = spawnSync(join(copy.root, 'bin', 'postgres'), ['--version'], {
      uid: 65_534,
      gid: 65_534,
      encoding: 'utf8',
    });
    expect(run.stdout).toContain('(PostgreSQL) 18');
    const again = await reachableBinaries({ root: join(closed, 'native'), version }, account, system());
    expect(again.root).toBe(copy.root);
  }, 60_000);
});
