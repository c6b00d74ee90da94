import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type FakeGateway, startGateway } from '../client/gateway.fixture';
import { repositoryRoot } from '../repository';
import { AgentChild } from './agent-child';
import { type AgentReport } from './agent-messages';
import { player } from './cast';

// These run the built script (nx builds before it tests): an agent of the demo is a process of its own.
const script = join(repositoryRoot, 'apps', 'cli', 'dist', 'demo', 'agent-process.js');
const ada = player('Ada');
const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

let gateway: FakeGateway;
let child: AgentChild;
let reports: AgentReport[];
const late = new AbortController();
beforeEach(async () => {
  if (!existsSync(script)) throw new Error(`${script} is missing. Run: npx nx build cli`);
  gateway = await startGateway();
  reports = [];
  child = new AgentChild({
    name: 'Ada',
    urls: [gateway.url],
    secretKey: ada.secretKey,
    env: { PATH: '/usr/bin:/bin' },
    deadline: late.signal,
    onReport: (report) => reports.push(report),
  });
});
afterEach(async () => {
  await child.stop(2_000);
  await gateway.close();
});

describe('an agent in a process of its own', () => {
  it('proves who it is, and calls for the demo', async () => {
    expect(await child.started()).toBe(ada.did);
    const whoami = { kind: 'agent', tenant: 'default', id: ada.did, scopes: ['read'] };
    gateway.answers['GET /v1/auth/whoami'] = whoami;
    expect(await child.call('auth.whoami', {}, traceparent)).toEqual(whoami);
    expect(gateway.seen[0]!.headers.traceparent).toBe(traceparent);
    gateway.answers['GET /v1/auth/whoami'] = 'SCOPE_MISSING';
    await expect(child.call('auth.whoami', {}, traceparent)).rejects.toMatchObject({
      code: 'SCOPE_MISSING',
      status: 403,
    });
    await child.stop(2_000);
    expect(reports.filter(({ kind }) => kind === 'failed')).toEqual([]);
  });

  it('leaves Ctrl-C to the demo', async () => {
    await child.started();
    gateway.answers['GET /v1/auth/whoami'] = () => {
      process.kill(child.pid!, 'SIGINT');
      return { kind: 'agent', tenant: 'default', id: ada.did, scopes: ['read'] };
    };
    for (let i = 0; i < 2; i++)
      expect(await child.call('auth.whoami', {}, traceparent)).toMatchObject({ id: ada.did });
  });

  it('that ends by itself is a failure, and of all that waits for it', async () => {
    await child.started();
    gateway.answers['GET /v1/inbox'] = () => {
      process.kill(child.pid!, 'SIGKILL');
      return { items: [] };
    };
    await expect(child.call('inbox.fetch', {}, traceparent)).rejects.toThrow('the process of Ada ended');
    expect(reports.at(-1)).toMatchObject({ kind: 'failed' });
  });

  it('does not outlast its time', async () => {
    await child.started();
    gateway.answers['GET /v1/auth/whoami'] = () => {
      setImmediate(() => late.abort());
      return 'SERVICE_UNAVAILABLE';
    };
    for (let i = 0; i < 2; i++)
      await expect(child.call('auth.whoami', {}, traceparent)).rejects.toThrow('Ada took too long');
  });
});
