import { type Environment, portSetting, readConfig, serviceSettings } from '@concordat/runtime';
import { defaultWebDomain, webDomain } from '@concordat/contracts';
import { fromBase64url } from '@concordat/crypto';
import { z } from 'zod';

export const GATEWAY_CONFIG = Symbol('GatewayConfig');

const schema = z.strictObject({
  ...serviceSettings,
  httpHost: z.string().default('127.0.0.1'),
  httpPort: portSetting.default(7400),
  grpcHost: z.string().default('127.0.0.1'),
  grpcPort: portSetting.default(7401),
  /** Issuer and audience of access tokens; the same at every gateway and at iam-service. */
  audience: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/)
    .default('concordat'),
  /** Host, and port, of the did:web identities whose documents are served here; the same at iam-service. */
  didWebDomain: webDomain.default(defaultWebDomain),
  /** Authenticates challenges; 32 bytes in base64url that all gateways share. */
  challengeKey: z
    .string()
    .refine((text) => fromBase64url(text)?.byteLength === 32, 'must be 32 bytes in base64url'),
  /** Origins that callers know the gateways by, with commas between: proofs of keys (DPoP) are for one of them. */
  publicUrls: z
    .string()
    .transform((text) => text.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ })))
    .optional(),
  /** Partitions of the bus; the same at every gateway and at audit-service. */
  busPartitions: z.coerce.number().int().min(1).max(256).default(4),
});

export type GatewayConfig = z.infer<typeof schema>;

/** @throws ConfigError */
export const readGatewayConfig = (environment: Environment = process.env): GatewayConfig =>
  readConfig(schema, environment);

export const otlpEndpoint = (environment: Environment = process.env): string | undefined =>
  environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
