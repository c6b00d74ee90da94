import type { DynamicModule, INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import fastify from 'fastify';
import { Health } from './health';
import { registerHealthRoutes } from './health.http';
import { createLogger, type Logger } from './logger';
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
  /** Where health and metrics are served; undefined when the module does it beside its own routes. */
  readonly health: { readonly host: string; readonly port: number } | undefined;
  /** Builds the root module; gets what every service has. */
  readonly module: (base: ServiceBase) => DynamicModule;
}

export interface ServiceBase {
  readonly logger: Logger;
  readonly health: Health;
}

/**
 * Starts a service: telemetry, health, module, signals. The life cycle of the parts is Nest's: `onApplicationBootstrap`
 * starts, `beforeApplicationShutdown` drains, `onApplicationShutdown` closes. Health answers before the module is built,
 * so that an orchestrator sees "starting" and not a closed port.
 */
export async function bootstrap(options: BootstrapOptions): Promise<INestApplicationContext> {
  const { name, config, otlpEndpoint } = options;
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

  const started: { app?: INestApplicationContext } = {};
  const healthServer = options.health && (await serveHealth(options.health, health));
  handleSignals(process, logger, async () => {
    health.markStopping();
    await started.app?.close();
    await healthServer?.close();
    await endTelemetry();
  });
  const app = await NestFactory.createApplicationContext(options.module({ logger, health }), {
    logger: nestLogger(logger),
    abortOnError: false,
  });
  started.app = app;
  health.markStarted();
  logger.info('started');
  return app;
}

const neverAsked = (): never => {
  throw new Error('the routes of health have no schemas');
};
/** In place of fastify's own compilers, which take a fifth of a second to load. */
const noSchemas = { buildValidator: neverAsked, buildSerializer: neverAsked };

async function serveHealth({ host, port }: { host: string; port: number }, health: Health) {
  const server = fastify({
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: noSchemas },
  });
  registerHealthRoutes(server, health);
  await server.listen({ host, port });
  return server;
}
