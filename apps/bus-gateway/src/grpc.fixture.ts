import { type ErrorCode, errorDefinition, protoDir, protoFiles } from '@concordat/contracts';
import {
  type CallOptions,
  type ChannelOptions,
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status as grpcStatus,
  type StatusObject,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2';
import { parse, type Type } from 'protobufjs';

export type Fields = Record<string, unknown>;

/** As in googleapis: google/rpc/status.proto, google/rpc/error_details.proto. */
const { root: rpc } = parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message BadRequest {
    message FieldViolation { string field = 1; string description = 2; }
    repeated FieldViolation field_violations = 1;
  }
  message Duration { int64 seconds = 1; int32 nanos = 2; }
  message RetryInfo { Duration retry_delay = 1; }
`);

/** `google.rpc.Status` with its details, by their names. */
export interface RpcStatus {
  readonly code: number;
  readonly message: string;
  readonly ErrorInfo?: { reason: string; domain: string; metadata: Record<string, string> };
  readonly BadRequest?: { fieldViolations: { field: string; description: string }[] };
  readonly RetryInfo?: { retryDelay: { seconds: number } };
}

export interface GrpcAnswer {
  readonly code: number;
  readonly details: string;
  readonly message: Fields | undefined;
  readonly trailer: Metadata;
  readonly status: RpcStatus | undefined;
}

/** A call over HTTP/2 by hand, for what no client would send. */
export interface RawCall {
  readonly stream: ClientHttp2Stream;
  /** Headers and trailers of the answer; empty when there was none. */
  readonly answer: Promise<IncomingHttpHeaders>;
  /** Breaks the connection. */
  destroy(): void;
}

export function openRaw(address: string, path: string, headers: Readonly<Record<string, string>>): RawCall {
  const session = connect(`http://${address}`);
  session.on('error', () => undefined);
  const stream = session.request({
    ...{ ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers', ...headers },
  });
  const found: IncomingHttpHeaders = {};
  stream.on('response', (head) => Object.assign(found, head));
  stream.on('trailers', (trailers) => Object.assign(found, trailers));
  stream.on('error', () => undefined);
  stream.resume();
  const answer = new Promise<IncomingHttpHeaders>((resolve) => stream.on('close', () => resolve(found)));
  void answer.then(() => session.close());
  return { stream, answer, destroy: () => session.destroy() };
}

/** A message with its prefix: whether it is compressed, and how long it is said to be. */
export function frame(bytes: Uint8Array, { isCompressed = false, length = bytes.length } = {}): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt8(Number(isCompressed), 0);
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, bytes]);
}

export interface AskOptions extends CallOptions {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Is given the call as soon as it is under way. */
  readonly onCall?: (call: ClientUnaryCall) => void;
}

const definitions = loadSync(protoFiles, { includeDirs: [protoDir], longs: Number }) as unknown as Record<
  string,
  Record<string, MethodShape>
>;
interface MethodShape {
  readonly path: string;
  readonly requestSerialize: (message: Fields) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => Fields;
}

/** The bytes of a request of a method, `BusService/Publish`. */
export const requestBytes = (method: string, message: Fields): Buffer =>
  shapeOf(method).requestSerialize(message);

export function shapeOf(method: string): MethodShape {
  const [service, name] = method.split('/') as [string, string];
  return definitions[`concordat.v1.${service}`]![name]!;
}

/** A caller of the gRPC door, on a connection of its own: for specs only. */
export interface GrpcCaller {
  readonly client: Client;
  /** Calls `BusService/Publish`; bytes are sent as they are. Never throws: a refusal is an answer. */
  ask(method: string, message: Fields | Uint8Array, options?: AskOptions): Promise<GrpcAnswer>;
  close(): void;
}

export function openGrpc(address: string, options: ChannelOptions = {}): GrpcCaller {
  const client = new Client(address, credentials.createInsecure(), {
    ...options,
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': -1,
  });
  return {
    client,
    ask: (method, message, { authorization, headers = {}, onCall, ...options } = {}) => {
      const { path, responseDeserialize } = shapeOf(method);
      const bytes = message instanceof Uint8Array ? Buffer.from(message) : requestBytes(method, message);
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headers)) metadata.add(name, value);
      if (authorization !== undefined) metadata.set('authorization', authorization);
      return new Promise((resolve) => {
        let answer: Fields | undefined;
        const take = (_error: ServiceError | null, value?: Fields): void => void (answer = value);
        const same = (buffer: Buffer): Buffer => buffer;
        const call = client.makeUnaryRequest(path, same, responseDeserialize, bytes, metadata, options, take);
        call.on('status', (end: StatusObject) => resolve(toAnswer(end, () => answer)));
        onCall?.(call);
      });
    },
    close: () => client.close(),
  };
}

function toAnswer({ code, details, metadata }: StatusObject, message: () => Fields | undefined): GrpcAnswer {
  const [packed] = metadata.get('grpc-status-details-bin') as Buffer[];
  const status = packed && decodeStatus(packed);
  return {
    ...{ code, details, trailer: metadata, status },
    // The callback of the call runs after its status.
    get message() {
      return message();
    },
  };
}

export function decodeStatus(packed: Uint8Array): RpcStatus {
  const { code, message, details } = plain(rpc.lookupType('google.rpc.Status'), packed) as {
    code: number;
    message: string;
    details: { typeUrl: string; value: Uint8Array }[];
  };
  const named = details.map(({ typeUrl, value }) => {
    const name = typeUrl.replace('type.googleapis.com/google.rpc.', '');
    return [name, plain(rpc.lookupType(`google.rpc.${name}`), value)];
  });
  return { code, message, ...(Object.fromEntries(named) as Omit<RpcStatus, 'code' | 'message'>) };
}

const plain = (type: Type, bytes: Uint8Array): Fields =>
  type.toObject(type.decode(bytes), { longs: Number, defaults: true });

/** Checks that an answer is a refusal as the catalogue says, with all its details. @returns them */
export function refusalOf(answer: GrpcAnswer, code?: ErrorCode): RpcStatus {
  const { status, details } = answer;
  expect(status).toBeDefined();
  const { reason, domain, metadata } = status!.ErrorInfo!;
  if (code !== undefined) expect(reason).toBe(code);
  const { grpc, fix } = errorDefinition(reason as ErrorCode);
  expect([answer.code, status!.code]).toEqual([grpcStatus[grpc], grpcStatus[grpc]]);
  expect(domain).toBe('concordat');
  expect(metadata).toEqual({ fix, traceId: expect.stringMatching(/^[0-9a-f]{32}$/) as string });
  expect(status!.message).toBe(details);
  return status!;
}
