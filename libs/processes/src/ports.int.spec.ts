import { once } from 'node:events';
import { createServer } from 'node:net';
import { portHolder } from './port-holder';
import { assertPortFree, freePort, isPortFree, PortTakenError } from './ports';

describe('a port', () => {
  it('that nobody has is free', async () => {
    const port = await freePort();
    expect(await isPortFree(port)).toBe(true);
    expect(portHolder(port)).toBeUndefined();
    await expect(assertPortFree(port, '')).resolves.toBeUndefined();
  });

  it('that is taken: the error names the holder and the fix', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const failure = await assertPortFree(port, 'Use --http-port.').catch(
      (error: unknown) => error as PortTakenError,
    );
    server.close();
    expect(failure).toBeInstanceOf(PortTakenError);
    expect((failure as PortTakenError).message).toMatch(
      new RegExp(`^Port ${port} is taken by process ${process.pid} \\(.+\\)\\. Use --http-port\\.$`),
    );
  });

  it('that is chosen lies below those of outgoing connections and is not promised to another', async () => {
    const promised = new Set<number>();
    for (let count = 0; count < 50; count += 1) {
      const port = await freePort(promised);
      expect(promised.has(port)).toBe(false);
      expect(port).toBeLessThan(32_768);
      promised.add(port);
    }
  });
});
