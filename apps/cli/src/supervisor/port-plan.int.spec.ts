import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeTemporaryDirectory, temporaryDirectory } from '@concordat/processes';
import { planPorts, type PortMarket, type PortPlan, type PortWishes } from './port-plan';

let folder: string;
beforeEach(() => {
  folder = temporaryDirectory();
});
afterEach(() => removeTemporaryDirectory(folder));

/** A machine on which only some ports are taken; the real one may well run Concordat at the default ports. */
const marketWithout = (...taken: number[]): PortMarket => {
  let next = 20_000;
  return {
    isFree: async (port) => !taken.includes(port),
    assertFree: async (port, fix) => {
      if (taken.includes(port)) throw new Error(`${port} is taken. ${fix}`);
    },
    free: async (avoid) => {
      while (avoid.has(next) || taken.includes(next)) next += 1;
      return next;
    },
  };
};
const plan = (wishes: Partial<PortWishes>, market = marketWithout()): Promise<PortPlan> =>
  planPorts(folder, { http: 7400, grpc: undefined, gateways: 1, ...wishes }, databases, market);

const databases = ['redis', 'redis-rpc', 'postgres'];

describe('the ports', () => {
  it('by default are the documented ones; a second gateway has the next two', async () => {
    const { http, grpc, port } = await plan({ gateways: 2 });
    expect(http).toEqual([7400, 7402]);
    expect(grpc).toEqual([7401, 7403]);
    expect(['iam-service', 'audit-service', 'vault-service'].map((name) => port(name))).toEqual([
      7410, 7420, 7430,
    ]);
  });

  it('with another HTTP port follow it, and health ports are chosen', async () => {
    const { http, grpc, port } = await plan({ http: 18_400 });
    expect([http, grpc]).toEqual([[18_400], [18_401]]);
    expect(port('iam-service')).toBeGreaterThanOrEqual(20_000);
  });

  it('that are chosen differ from each other and are remembered', async () => {
    const wishes = { http: 0, gateways: 3 };
    const first = await plan(wishes);
    const names = ['iam-service', 'audit-service', 'vault-service', ...databases];
    const all = [...first.http, ...first.grpc, ...names.map((name) => first.port(name))];
    expect(new Set(all).size).toBe(12);
    const second = await plan(wishes);
    expect([...second.http, ...second.grpc, ...names.map((name) => second.port(name))]).toEqual(all);
    expect(Object.keys(JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8')) as object)).toHaveLength(
      12,
    );
  });

  it('wished for twice are refused', async () => {
    await expect(plan({ http: 18_400, grpc: 18_400 })).rejects.toThrow('Port 18400 would be used twice');
  });

  it('that are taken: the fix names the option, also for a health port', async () => {
    await expect(plan({}, marketWithout(7400))).rejects.toThrow('--http-port <n>, or 0 for any');
    await expect(plan({}, marketWithout(7401))).rejects.toThrow('--grpc-port <n>, or 0 for any');
    await expect(plan({}, marketWithout(7420))).rejects.toThrow(
      'health port of audit-service; --http-port 0',
    );
  });

  it('that were remembered and are taken by now are replaced', async () => {
    const { port } = await plan({});
    const second = await plan({}, marketWithout(port('redis')));
    expect(second.port('redis')).not.toBe(port('redis'));
    expect(second.port('postgres')).toBe(port('postgres'));
  });

  it.each([
    [{ http: 65_535 }, 65_536],
    [{ http: 65_535, grpc: 0, gateways: 2 }, 65_537],
    [{ http: 0, grpc: 65_535, gateways: 3 }, 65_537],
  ])('%j leave the range: the error says which, and what to do', async (wishes, port) => {
    await expect(plan(wishes)).rejects.toThrow(
      new RegExp(`would need port ${port}, and the highest is 65535.*--grpc-port`),
    );
  });

  it('at the end of the range are used when they fit', async () => {
    expect(await plan({ http: 65_535, grpc: 65_534 })).toMatchObject({ http: [65_535], grpc: [65_534] });
  });

  it.each(['{"redis":99999,"postgres":-1,"redis-rpc":80,"iam-service":"7"}', '[null]', 'null', '{"redis":'])(
    'that were remembered wrongly (%s) are chosen anew',
    async (text) => {
      writeFileSync(join(folder, 'ports.json'), text);
      const { port } = await plan({ http: 0 });
      for (const name of [...databases, 'iam-service']) expect(port(name)).toBeGreaterThanOrEqual(20_000);
      const remembered = JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8')) as Record<
        string,
        number
      >;
      expect(remembered['redis']).toBe(port('redis'));
    },
  );
});
