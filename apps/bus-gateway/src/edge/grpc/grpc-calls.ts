import { formatPositions, type Positions } from '@concordat/contracts';
import { activeTraceparent } from '@concordat/runtime';
import {
  Metadata,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { isIP } from 'node:net';
import type { PresentedProof } from '../dpop-proof';
import type { CallerAddresses } from '../caller-address';
import type { Credentials } from '../edge-request';
import type { OperationRouter } from '../operation-router';

export type Fields = Record<string, unknown>;
export type UnaryCall = ServerUnaryCall<Buffer, Fields>;
export type StreamCall = ServerDuplexStream<Buffer, Fields>;
/** One request, many answers. */
export type ItemCall = ServerWritableStream<Buffer, Fields>;
/** What calls are served by. */
export interface GrpcDoor {
  readonly router: OperationRouter;
  readonly addresses: CallerAddresses;
}

type AnyCall = Pick<UnaryCall | StreamCall | ItemCall, 'metadata' | 'getPeer' | 'getHost' | 'getPath'>;

/** Several of a name are joined, as HTTP does: they are one where lists are taken, and malformed elsewhere. */
export function textOf({ metadata }: Pick<AnyCall, 'metadata'>, name: string): string | undefined {
  const values = metadata.get(name);
  return values.length === 0 ? undefined : values.join(', ');
}

/** What a caller proves itself with, from the metadata of its call. */
export const credentialsOf = (call: AnyCall, addresses: CallerAddresses): Credentials => ({
  authorization: textOf(call, 'authorization'),
  proof: proofOf(call),
  address: addresses.of(addressOf(call.getPeer()), (name) => textOf(call, name)),
});

/** What else the metadata says of a request. */
export const headersOf = (call: AnyCall) => ({
  idempotencyKey: textOf(call, 'idempotency-key'),
  minPosition: textOf(call, 'concordat-min-position'),
  conversation: textOf(call, 'concordat-correlation-id'),
});

export function trailerOf(positions: Positions): Metadata {
  const trailer = new Metadata();
  const traceparent = activeTraceparent();
  if (traceparent !== null) trailer.set('traceparent', traceparent);
  if (Object.keys(positions).length > 0) trailer.set('concordat-position', formatPositions(positions));
  return trailer;
}

/** `192.0.2.1:4711` and `[2001:db8::1]:4711` without the port; null for what is no address. */
function addressOf(peer: string): string | null {
  const address = peer.replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  return isIP(address) === 0 ? null : address;
}

/** To gRPC a method is a path, called by POST. */
function proofOf(call: AnyCall): PresentedProof | undefined {
  const proof = call.metadata.get('dpop').join(', ');
  if (proof === '') return undefined;
  return { proof, method: 'POST', authority: call.getHost(), path: call.getPath() };
}
