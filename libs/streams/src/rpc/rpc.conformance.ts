import { ConcordatError } from '@concordat/contracts';
import { echo, rpcBench, sleep } from './rpc.fixture';

/** What every Redis promises to request and reply. */
export function describeRpc(where: string, url: () => string): void {
  describe(`sealed request/reply over ${where}`, () => rpcSpecs(url));
}

function rpcSpecs(url: () => string): void {
  const { server, client, close } = rpcBench(url);
  afterEach(close);

  it('carries refusals with code, detail and fields, and hides what was not meant to be seen', async () => {
    await server(async ({ input }) => {
      if (input === 'ours')
        throw new ConcordatError('AGENT_UNKNOWN', 'no such agent', {
          errors: [{ pointer: '/did', message: 'm' }],
        });
      throw new Error('secret detail');
    });
    const { call } = await client();
    await expect(call('ours')).rejects.toMatchObject({
      code: 'AGENT_UNKNOWN',
      detail: 'no such agent',
      errors: [{ pointer: '/did' }],
    });
    const failure: unknown = await call('theirs').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'INTERNAL' });
    expect(JSON.stringify(failure)).not.toContain('secret detail');
  });

  it('answers many concurrent requests, each with its own answer', async () => {
    await server(echo);
    const { call } = await client();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => call({ i })));
    expect(answers.map(({ output }) => (output as { i: number }).i)).toEqual(
      Array.from({ length: 50 }, (_, i) => i),
    );
    expect(answers[0]!.position).toEqual({ epoch: 1, position: 2 });
  });

  it('goes on when the service was killed and came back with other keys', async () => {
    const first = await server(echo);
    const { call } = await client();
    await call('before');
    first.crash();
    const during = call('during');
    await server(echo);
    expect((await during).output).toBe('during');
    expect((await call('after')).output).toBe('after');
  });

  it('carries out a request once that is sent again while it runs', async () => {
    let runs = 0;
    await server(async () => {
      runs++;
      await sleep(1_000);
      return { output: runs, position: null };
    });
    const { call } = await client();
    expect((await call(1)).output).toBe(1);
    expect(runs).toBe(1);
  });

  it('carries out nothing twice when its recorded frames are played again', async () => {
    let runs = 0;
    await server(async (request) => {
      runs++;
      return echo(request);
    });
    const { call, commands } = await client();
    const recorded: { key: string; fields: Buffer[] }[] = [];
    const evalsha = commands.evalsha.bind(commands) as (...args: unknown[]) => Promise<unknown>;
    Object.assign(commands, {
      // sha, number of keys, key, length limit, lifetime, fields …
      evalsha: (...args: [string, number, string, number, number, ...Buffer[]]) => {
        recorded.push({ key: args[2], fields: args.slice(5) as Buffer[] });
        return evalsha(...args);
      },
    });
    await call('first');
    await call('second');
    expect(runs).toBe(2);
    expect(recorded).toHaveLength(2);
    for (const { key, fields } of recorded) await commands.xadd(key, '*', ...fields);
    await call('third');
    expect(runs).toBe(3);
  });
}
