import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface LossyLine {
  readonly url: string;
  /** Pieces of answers that were lost, each with the connection that it should have come over. */
  readonly lost: () => number;
  close(): Promise<void>;
}

/**
 * Stands before a Redis and cuts the connection instead of handing on the n-th piece of its answers: what was asked for
 * has been done by then, and whoever asked cannot know.
 */
export async function startLossyLine(target: string, everyNth: number): Promise<LossyLine> {
  const { hostname, port, username, password } = new URL(target);
  const sockets = new Set<Socket>();
  let pieces = 0;
  let lost = 0;
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.once('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on('data', (piece) => {
      if (++pieces % everyNth !== 0) return void near.write(piece);
      lost++;
      near.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const auth = password ? `${username}:${password}@` : '';
  return {
    url: `redis://${auth}127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
