import { createServer } from 'node:net';
import { join } from 'node:path';
import { freePort, waitUntil } from '@concordat/processes';
import { readEnvironment } from '../environment';
import { silentProgress, type StandIns, standIns, type Supervised } from './stand-ins.fixture';
import { supervise, type SuperviseOptions } from './supervise';

let place: StandIns;
beforeEach(() => {
  place = standIns();
});
afterEach(() => place.remove());

const start = (more: Partial<SuperviseOptions> = {}): Promise<Supervised> => place.start(more);
const until = (check: () => Promise<void>): Promise<void> => waitUntil(check, { deadlineMs: 10_000 });

describe('a start that fails', () => {
  const nothingRuns = async (): Promise<void> => {
    await expect(place.run()).rejects.toThrow('no run.json');
    expect(place.trace().filter((line) => line.startsWith('end')).length).toBe(
      place.trace().filter((line) => line.startsWith('start')).length,
    );
  };

  it('because a service crashes names it with the last lines of its log', async () => {
    place.tell('crash', 'audit-1');
    await expect(start()).rejects.toThrow(
      /audit-service did not become ready: it ended \d+ times in a row, last: exit code 7\.\nLast lines of .*\n {4}stand-in: told to crash/,
    );
    await nothingRuns();
  });

  it('because a service does not become healthy tells which check failed', async () => {
    place.tell('unready', 'iam-1');
    await expect(start({ readyDeadlineMs: 1_500 })).rejects.toThrow(
      /iam-service did not become ready: within 1\.5 s: GET .*\/health\/ready answers 503 \(redis: told so\)/,
    );
    await nothingRuns();
  });

  it('because the HTTP port is taken names the holder and the option', async () => {
    const port = await freePort();
    const holder = createServer().listen(port, '127.0.0.1');
    const ports = { http: port, grpc: 0, gateways: 1 };
    await expect(start({ ports })).rejects.toThrow(
      new RegExp(`Port ${port} is taken by process ${process.pid} .*--http-port`),
    );
    holder.close();
    await nothingRuns();
  });

  it('because a service is not built says how to build it', async () => {
    await expect(start({ appsDirectory: join(place.folder, 'none') })).rejects.toThrow(
      /is not built\. Run: npx nx/,
    );
  });

  it('because there is no Redis says what to install', async () => {
    const environment = readEnvironment({ PATH: '/nowhere', HOME: place.folder });
    await expect(start({ environment })).rejects.toThrow(
      /apt-get install -y redis-server.*CONCORDAT_REDIS_URL/,
    );
  });

  it('called off meanwhile ends without an error and leaves nothing', async () => {
    place.tell('unready', 'iam-1');
    const stop = new AbortController();
    const events = { progress: silentProgress(), onReady: () => undefined };
    const ended = supervise(place.options(), events, stop.signal, new AbortController().signal);
    await until(async () => expect(place.trace()).toContain('start iam-1'));
    stop.abort();
    await ended;
    await nothingRuns();
  });
});
