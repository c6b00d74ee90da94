import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { limits } from '@concordat/contracts';

export interface LossyProxy {
  readonly url: string;
  /** Answers that were lost. */
  readonly lost: () => number;
  close(): Promise<void>;
}

/**
 * Stands before a gateway and loses every n-th answer, after the gateway has done what was asked. An answer that brings a
 * message for the last time is spared: it would have failed, as promised, and there would be nothing to wait for.
 */
export async function startLossyProxy(target: string, everyNth: number): Promise<LossyProxy> {
  let answers = 0;
  let lost = 0;
  const server = createServer((incoming, outgoing) => {
    const { method, headers, url } = incoming;
    const upstream = request(target + url, { method, headers }, async (answer) => {
      const body = await buffer(answer).catch(() => undefined);
      if (body === undefined) outgoing.socket?.destroy();
      else if (++answers % everyNth === 0 && !isLastDelivery(body)) {
        lost++;
        outgoing.socket?.destroy();
      } else outgoing.writeHead(answer.statusCode ?? 502, answer.headers).end(body);
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

const isLastDelivery = (body: Buffer): boolean => body.includes(`"attempt":${limits.deliveryAttempts}`);
