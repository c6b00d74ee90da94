import { protoDir, protoFiles } from '@concordat/contracts';
import { Client, type ClientDuplexStream, credentials, Metadata, type StatusObject } from '@grpc/grpc-js';
// Brings the files of google.protobuf that ours import.
import '@grpc/proto-loader';
import { join } from 'node:path';
import { type Field, type Namespace, parse, Root, Service, Type } from 'protobufjs';

export type Fields = Readonly<Record<string, unknown>>;

/** A method of the `.proto` files. */
export interface GrpcMethod {
  readonly path: string;
  readonly operation: string;
  readonly isStream: boolean;
  readonly request: Type;
  readonly response: Type;
}

export interface GrpcAnswer {
  /** Of gRPC; 0: OK */
  readonly status: number;
  /** Metadata and trailer. */
  readonly headers: Headers;
  /** The message, or what the refusal says. */
  readonly body: unknown;
}

const root = new Root();
root.resolvePath = (_origin, target) => (target.startsWith('concordat/') ? join(protoDir, target) : target);
root.loadSync([...protoFiles]).resolveAll();

const services = (root.lookup('concordat.v1') as Namespace).nestedArray.filter(
  (entry): entry is Service => entry instanceof Service,
);

export const grpcMethods: readonly GrpcMethod[] = services.flatMap((service) =>
  service.methodsArray.map((method) => ({
    path: `/concordat.v1.${service.name}/${method.name}`,
    operation: String(method.options?.['(concordat.v1.operation)']),
    isStream: method.requestStream === true,
    ...{ request: method.resolvedRequestType!, response: method.resolvedResponseType! },
  })),
);

/** As in googleapis: google/rpc/status.proto, google/rpc/error_details.proto. */
const { root: rpc } = parse(`
  syntax = "proto3";
  package google.rpc;
  message Any { string type_url = 1; bytes value = 2; }
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
`);
const rpcStatus = rpc.lookupType('google.rpc.Status');
const errorInfo = rpc.lookupType('google.rpc.ErrorInfo');

/** A client made of nothing but the `.proto` files, without retries and without help. */
export class GrpcClient {
  readonly #client: Client;

  constructor(readonly address: string) {
    const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.enable_retries': 0 };
    this.#client = new Client(address, credentials.createInsecure(), options);
  }

  close(): void {
    this.#client.close();
  }

  /** Never throws: a refusal is an answer. @param input as JSON has it */
  ask({ path, request, response }: GrpcMethod, input: Fields, headers: Fields): Promise<GrpcAnswer> {
    return new Promise((resolve) => {
      const seen = new Headers();
      let message: Fields = {};
      const call = this.#client.makeUnaryRequest(
        ...([
          path,
          (fields: Fields) => encode(request, fields),
          (bytes: Buffer) => decode(response, bytes),
        ] as const),
        ...([
          input,
          metadataOf(headers),
          (_error: unknown, answer?: Fields) => (message = answer ?? {}),
        ] as const),
      );
      call.on('metadata', (metadata: Metadata) => gather(seen, metadata));
      call.on('status', (end: StatusObject) =>
        // The callback of the call runs after its status.
        setImmediate(() => resolve(answerOf(end, seen, message))),
      );
    });
  }

  /** Opens a stream in both directions. */
  open({ path, request, response }: GrpcMethod, headers: Fields): ClientDuplexStream<Fields, Fields> {
    const write = (fields: Fields): Buffer => encode(request, fields);
    const read = (bytes: Buffer): Fields => decode(response, bytes);
    return this.#client.makeBidiStreamRequest(path, write, read, metadataOf(headers));
  }
}

export function answerOf(
  { code, details, metadata }: StatusObject,
  seen: Headers,
  body: unknown,
): GrpcAnswer {
  const [packed] = metadata.get('grpc-status-details-bin') as Buffer[];
  metadata.remove('grpc-status-details-bin');
  gather(seen, metadata);
  return { status: code, headers: seen, body: packed ? refusalIn(packed, details) : body };
}

/** What a refusal says, with its `google.rpc.Status` byte by byte, but for the trace, which is another in every answer. */
function refusalIn(packed: Buffer, detail: string): object {
  const status = rpcStatus.decode(packed) as unknown as { details: { typeUrl: string; value: Buffer }[] };
  const [info] = status.details.filter(({ typeUrl }) => typeUrl.endsWith('/google.rpc.ErrorInfo'));
  const { reason, metadata } = errorInfo.decode(info!.value) as unknown as {
    reason: string;
    metadata: Record<string, string>;
  };
  const bytes = packed.toString('latin1').replaceAll(metadata['traceId']!, '0'.repeat(32));
  return { code: reason, detail, bytes };
}

function metadataOf(headers: Fields): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, String(value));
  return metadata;
}

function gather(headers: Headers, metadata: Metadata): void {
  for (const [name, value] of Object.entries(metadata.getMap()))
    headers.append(name, value.toString('latin1'));
}

const encode = (type: Type, input: Fields): Buffer =>
  Buffer.from(type.encode(type.fromObject(toMessage(type, input))).finish());

const decode = (type: Type, bytes: Buffer): Fields =>
  type.toObject(type.decode(bytes), { longs: Number, bytes: String });

/** @throws Error when the message has no such field: what is not asked would be answered alike everywhere */
function toMessage(type: Type, input: Fields): Fields {
  return Object.fromEntries(
    Object.entries(input).map(([name, value]) => {
      const field = type.fields[name];
      if (!field) throw new Error(`${type.name} has no field ${name}`);
      return [
        name,
        field.repeated ? (value as unknown[]).map((one) => toField(field, one)) : toField(field, value),
      ];
    }),
  );
}

function toField(field: Field, value: unknown): unknown {
  const type = field.resolve().resolvedType;
  if (!(type instanceof Type)) return value;
  if (type.fullName === '.google.protobuf.Value') return toValue(value);
  if (type.fullName === '.google.protobuf.Struct') return toStruct(value as Fields);
  return toMessage(type, value as Fields);
}

/** google.protobuf.Value */
function toValue(value: unknown): Fields {
  if (value === null) return { nullValue: 0 };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  if (typeof value === 'object') return { structValue: toStruct(value as Fields) };
  return { [`${typeof value === 'boolean' ? 'bool' : typeof value}Value`]: value };
}

const toStruct = (value: Fields): Fields => ({
  fields: Object.fromEntries(Object.entries(value).map(([name, field]) => [name, toValue(field)])),
});
