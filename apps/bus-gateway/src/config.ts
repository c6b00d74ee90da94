import { type Environment, portSetting, readConfig, serviceSettings } from '@concordat/runtime';
import { defaultWebDomain, webDomain } from '@concordat/contracts';
import { fromBase64url } from '@concordat/crypto';
import { insideOf } from '@concordat/policy';
import { z } from 'zod';

export const GATEWAY_CONFIG = Symbol('GatewayConfig');

const perSecond = z.coerce.number().int().min(1).max(1_000_000);
function areNetworks(networks: readonly string[]): boolean {
  try {
    insideOf(networks);
    return true;
  } catch {
    return false;
  }
}

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
  /** What an agent or a user may ask unless something else is set; twice as many at once. */
  requestsPerSecond: perSecond.default(2_000),
  apiKeyRequestsPerSecond: perSecond.default(10_000),
  /** What may be asked without a credential from one address, at each gateway. */
  addressRequestsPerSecond: perSecond.default(2_000),
  /** Where a proof of a key is single-use: at each gateway, or at all of them for a round trip to Redis per proof. */
  dpopReplay: z.enum(['gateway', 'cluster']).default('gateway'),
  /** Networks (CIDR, with commas between) of proxies whose word on where a request comes from is believed. */
  trustedProxies: z
    .string()
    .transform((text) => text.split(',').map((network) => network.trim()))
    .refine(areNetworks, 'must be networks in CIDR, such as 10.0.0.0/8 or 2001:db8::/48')
    .optional(),
  /** The header that those proxies write. */
  trustedProxyHeader: z.enum(['x-forwarded-for', 'forwarded']).default('x-forwarded-for'),
  /** The durable Redis with a user that may make users: agents can then speak Redis Streams. Not a cluster. */
  bridgeRedisUrl: serviceSettings.redisUrl
    .refine((url) => !url.includes('+cluster:'), 'must be one server: users are not shared within a cluster')
    .optional(),
  /** Origins of web pages that may open a WebSocket, with commas between. None is let in that is not named. */
  allowedOrigins: z
    .string()
    .default('')
    .transform((text) => text.split(',').flatMap((origin) => origin.trim() || [])),
  /** Partitions of the bus; the same at every gateway and at audit-service. */
  busPartitions: z.coerce.number().int().min(1).max(256).default(4),
});

export type GatewayConfig = z.infer<typeof schema>;

/** @throws ConfigError */
export const readGatewayConfig = (environment: Environment = process.env): GatewayConfig =>
  readConfig(schema, environment);

export const otlpEndpoint = (environment: Environment = process.env): string | undefined =>
  environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
