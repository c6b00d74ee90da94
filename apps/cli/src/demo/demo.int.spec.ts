import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { birthMark } from '@concordat/processes';
import { CommandLine, identity } from '../commands/command-line.fixture';
import { UserFile } from '../client/user-file';
import { runCommandLine } from '../program';
import { type DemoResult } from './demo-result';

// Its agents are processes that run the built script (nx builds before it tests).
let line: CommandLine;
let run: Record<string, unknown>;
const registered = new Set<string>();
const revoked = new Set<string>();
beforeEach(async () => {
  line = await CommandLine.open();
  registered.clear();
  revoked.clear();
  const { answers, url } = line.gateway;
  answers['POST /v1/agents'] = ({ body }: { body: unknown }) => {
    const did = `did:key:${(body as { publicKey: string }).publicKey}`;
    registered.add(did);
    answers[`POST /v1/agents/${did}/revoke`] = () => {
      revoked.add(did);
      return identity(did, { status: 'revoked' });
    };
    return identity(did);
  };
  answers['GET /v1/inbox'] = 'SERVICE_UNAVAILABLE';
  answers['POST /v1/messages'] = 'SERVICE_UNAVAILABLE';
  run = {
    ...{ version: 1, supervisorPid: process.pid, supervisorMark: birthMark(process.pid), phase: 'ready' },
    ...{ startedAt: '2026-01-01T00:00:00.000Z', dataDir: line.folder, http: [url], grpc: [], processes: [] },
    ...{ adminKeyFile: join(line.folder, 'admin.key'), vkeyFile: join(line.folder, 'audit.vkey') },
  };
  writeFileSync(join(line.folder, 'run.json'), JSON.stringify(run), { mode: 0o600 });
});
afterEach(() => line.close());

const demo = (): Promise<number> => runCommandLine(['demo', '--data', line.folder, '-o', 'json']);
const result = (): DemoResult => JSON.parse(line.printed) as DemoResult;
const failed = (): [string, string][] =>
  result().checks.flatMap(({ name, ok, detail }) => (ok ? [] : [[name, detail]]));
const listeners = (): number[] => [process.listenerCount('SIGINT'), process.listenerCount('SIGTERM')];

describe('the demo, interrupted', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'by %s while its agents converse, revokes them all and ends with 130',
    async (signal) => {
      const before = listeners();
      line.gateway.answers['POST /v1/messages'] = () => {
        if (!line.said.includes('Interrupted')) process.emit(signal);
        return 'SERVICE_UNAVAILABLE';
      };
      expect(await demo()).toBe(130);
      expect(registered.size).toBe(3);
      expect(revoked).toEqual(registered);
      expect(failed()).toEqual([
        ['every answer is right and in its place', 'not finished: 0 of 240 messages'],
        ['every message had exactly one effect', expect.stringContaining('240 not finished')],
        ['the demo comes to its end', 'it was interrupted'],
      ]);
      expect(result().checks.at(-1)).toMatchObject({ name: 'nobody stays behind', ok: true });
      expect(line.printed).not.toContain(' lost');
      expect(listeners()).toEqual(before);
    },
  );

  it('acts with the key of the installation, whoever has logged in', async () => {
    const of = { email: 'ada@example.org', tenant: 'acme', sessionId: 's', accessToken: 'the.access.token' };
    for (const expiresAt of ['2999-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z']) {
      await new UserFile(line.folder).write({ ...of, expiresAt });
      line.gateway.seen.length = 0;
      const register = line.gateway.answers['POST /v1/agents'] as (call: unknown) => unknown;
      line.gateway.answers['POST /v1/agents'] = (call: unknown) => {
        process.emit('SIGINT');
        return register(call);
      };
      expect(await demo()).toBe(130);
      const asked = line.gateway.seen.filter(({ route }) => route === 'POST /v1/agents');
      expect(asked.map(({ headers }) => headers.authorization)).toContain('ApiKey cck_admin');
      expect(JSON.stringify(line.gateway.seen)).not.toContain('the.access.token');
    }
  });

  it('while its agents are registered, revokes those that were', async () => {
    const register = line.gateway.answers['POST /v1/agents'] as (call: unknown) => unknown;
    line.gateway.answers['POST /v1/agents'] = (call: unknown) => {
      if (registered.size === 1) process.emit('SIGINT');
      return register(call);
    };
    line.gateway.otherwise = 'AGENT_UNKNOWN';
    expect(await demo()).toBe(130);
    expect(registered.size).toBe(2);
    expect(revoked).toEqual(registered);
    expect(result().checks.at(-1)).toMatchObject({ name: 'nobody stays behind', ok: true });
  });
});

it('the demo that takes too long revokes its agents, and has lost nothing', async () => {
  const deadline = new AbortController();
  jest.spyOn(AbortSignal, 'timeout').mockReturnValueOnce(deadline.signal);
  line.gateway.answers['POST /v1/messages'] = () => {
    deadline.abort(new Error('too late'));
    return 'SERVICE_UNAVAILABLE';
  };
  expect(await demo()).toBe(1);
  expect(revoked).toEqual(registered);
  expect(failed()).toEqual(
    expect.arrayContaining([
      ['every message had exactly one effect', expect.stringContaining('240 not finished')],
      ['the demo comes to its end', 'it took longer than it may'],
    ]),
  );
  expect(line.printed).not.toContain(' lost');
});
