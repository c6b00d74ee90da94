import type { FastifyInstance } from 'fastify';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { DynamicModule, Type } from '@nestjs/common';
import { Health } from './health';
import { registerHealthRoutes } from './health.http';
import { createLogger } from './logger';
import { startProcessMetrics } from './metrics';
import { nestLogger } from './nest-logger';
import { handleSignals } from './shutdown';
import { startTelemetry } from './telemetry';

export interface BootstrapOptions {
  /** `iam-service` */
  readonly name: string;
  readonly config: {
    readonly instance: string;
    readonly environment: string;
    readonly logLevel: string;
    readonly traceSampleRatio?: number | undefined;
  };
  /** OTEL_EXPORTER_OTLP_ENDPOINT */
  readonly otlpEndpoint: string | undefined;
  readonly listen: { readonly host: string; readonly port: number };
  /** Builds the root module; gets what every service has. */
  readonly module: (base: ServiceBase) => Type | DynamicModule;
  readonly adapter?: () => FastifyAdapter;
  /** Called before listening: routes of the edge. */
  readonly routes?: (fastify: FastifyInstance, app: NestFastifyApplication) => void;
}

export interface ServiceBase {
  readonly logger: ReturnType<typeof createLogger>;
  readonly health: Health;
}

/**
 * Starts a service: telemetry, module, health and metrics, signals. The life cycle of its parts is Nest's:
 * `onApplicationBootstrap` starts, `beforeApplicationShutdown` drains, `onApplicationShutdown` closes.
 */
export async function bootstrap(options: BootstrapOptions): Promise<NestFastifyApplication> {
  const { name, config, otlpEndpoint, listen } = options;
  const logger = createLogger({ service: name, instance: config.instance, level: config.logLevel });
  const health = new Health();
  const sampleRatio = config.traceSampleRatio ?? (config.environment === 'production' ? 0.1 : 1);
  const endTelemetry = startTelemetry({
    serviceName: name,
    instance: config.instance,
    endpoint: otlpEndpoint,
    sampleRatio,
  });
  startProcessMetrics();

  const adapter = options.adapter?.() ?? new FastifyAdapter({ forceCloseConnections: 'idle' });
  const app = await NestFactory.create<NestFastifyApplication>(options.module({ logger, health }), adapter, {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  const fastify = adapter.getInstance() as unknown as FastifyInstance;
  registerHealthRoutes(fastify, health);
  options.routes?.(fastify, app);
  handleSignals(process, logger, async () => {
    health.markStopping();
    await app.close();
    await endTelemetry();
  });
  await app.listen(listen.port, listen.host);
  health.markStarted();
  logger.info({ host: listen.host, port: listen.port }, 'started');
  return app;
}
