import type { AddressInfo } from 'node:net';
import fastify from 'fastify';

/**
 * A program: the least that a POST of JSON costs with Fastify, its own parser and no hooks. It tells its port to the
 * process that has forked it, and ends with that.
 */
async function serve(): Promise<void> {
  const server = fastify();
  server.post('/v1/messages', async (_request, reply) => {
    return reply
      .code(202)
      .send({ id: 'msg-1-0-00000000-0000-7000-8000-000000000000', status: 'PENDING', durability: 'none' });
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  process.on('disconnect', () => process.exit(0));
  process.send!((server.server.address() as AddressInfo).port);
}

void serve();
