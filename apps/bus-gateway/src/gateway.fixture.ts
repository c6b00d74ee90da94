import { toBase64url } from '@concordat/crypto';
import { createLogger } from '@concordat/runtime';
import { type Bench, eventually } from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { AppModule } from './app.module';
import type { GatewayConfig } from './config';
import { Freshness } from '@concordat/directory';
import { GrpcEdge } from './edge/grpc/grpc-edge';
import { HttpEdge } from './edge/http/http-edge';

export const challengeKey = new Uint8Array(32).fill(7);

export interface RunningGateway {
  readonly app: INestApplicationContext;
  readonly url: string;
  readonly grpcAddress: string;
  /** Everything that was logged. */
  readonly log: string[];
  /** Resolves when the directory can be believed. */
  whenFresh(): Promise<void>;
  stop(): Promise<void>;
}

/** A whole gateway, listening on free ports: for specs only. */
export async function startGateway(
  bench: Bench,
  instance = 'bus-1',
  over: Partial<GatewayConfig> = {},
): Promise<RunningGateway> {
  const log: string[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      log.push(chunk.toString());
      done();
    },
  });
  const logger = createLogger({ service: 'bus-gateway', instance, level: 'debug', destination });
  const config = {
    ...{ ...bench.settings('bus', instance), httpHost: '127.0.0.1', httpPort: 0 },
    ...{ grpcHost: '127.0.0.1', grpcPort: 0, audience: 'concordat', busPartitions: 2 },
    challengeKey: toBase64url(challengeKey),
    ...{ didWebDomain: 'localhost:7400', allowedOrigins: ['https://console.test'] },
    ...{ requestsPerSecond: 2_000, apiKeyRequestsPerSecond: 10_000, addressRequestsPerSecond: 2_000 },
    ...{ trustedProxyHeader: 'x-forwarded-for' as const, dpopReplay: 'gateway' as const },
    ...over,
  };
  const base = { ...bench.base('bus'), logger };
  const app = await NestFactory.createApplicationContext(AppModule.for(base, config), {
    logger: false,
    abortOnError: false,
  });
  base.health.markStarted();
  const { port } = app.get(HttpEdge).fastify.server.address() as AddressInfo;
  return {
    ...{ app, log, url: `http://127.0.0.1:${port}`, grpcAddress: `127.0.0.1:${app.get(GrpcEdge).port}` },
    whenFresh: () => eventually(() => app.get(Freshness).require()),
    stop: () => app.close(),
  };
}
