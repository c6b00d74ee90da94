import type { FastifyInstance } from 'fastify';
import { register } from 'prom-client';
import type { Health, HealthReport } from './health';

/** `GET /health/{live,ready,startup}` and `GET /metrics`, for orchestrators and Prometheus. */
export function registerHealthRoutes(fastify: FastifyInstance, health: Health): void {
  const answer = ({ status }: HealthReport): number => (status === 'ok' ? 200 : 503);
  fastify.get('/health/live', async () => ({ status: 'ok' }));
  fastify.get('/health/startup', async (_request, reply) => {
    const report = health.startup();
    return reply.code(answer(report)).send(report);
  });
  fastify.get('/health/ready', async (_request, reply) => {
    const report = await health.ready();
    return reply.code(answer(report)).send(report);
  });
  fastify.get('/metrics', async (_request, reply) =>
    reply.type(register.contentType).send(await register.metrics()),
  );
}
