import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy {
  readonly url: string;
  /** Answers that were lost. */
  readonly lost: () => number;
  close(): Promise<void>;
}

/** Stands before a gateway and loses every n-th answer, after the gateway has done what was asked. */
export async function startLossyProxy(target: string, everyNth: number): Promise<LossyProxy> {
  let answers = 0;
  let lost = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const upstream = request(target + url, { method, headers }, (answer) => {
      answers++;
      if (answers % everyNth === 0) {
        lost++;
        answer.resume().once('end', () => outgoing.socket?.destroy());
      } else {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      }
    });
    upstream.once('error', () => outgoing.socket?.destroy());
    outgoing.once('close', () => upstream.destroy());
    incoming.pipe(upstream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lost: () => lost,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
