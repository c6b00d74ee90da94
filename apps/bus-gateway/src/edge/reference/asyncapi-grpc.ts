import { protoDir, protoFiles } from '@concordat/contracts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Type } from 'protobufjs';
import { type GrpcMethod, loadRoot, loadServices } from '../grpc/grpc-protos';
import type { Json } from '../http/openapi-parts';
import { type Channels, refer } from './channels';
import { describeOperation, messageOperations } from './message-operations';

/** A channel for every gRPC method that serves an operation by which messages travel. */
export function grpcChannels(): Channels {
  const served = new Set(messageOperations());
  const methods = loadServices(loadRoot())
    .flatMap((service) => service.methods)
    .filter(({ operation }) => served.has(operation));
  const types = [...new Set(methods.flatMap(({ requestType, responseType }) => [requestType, responseType]))];
  return {
    channels: Object.fromEntries(methods.map((method) => [channelOf(method), describeChannel(method)])),
    operations: Object.fromEntries(methods.map((method) => [channelOf(method), operationOf(method)])),
    messages: Object.fromEntries(types.map((type) => [nameOf(type), describeMessage(type)])),
    schemas: Object.fromEntries(
      [...new Set(types.map(fileOf))].map((file) => [schemaName(file), describeFile(file)]),
    ),
  };
}

/** `grpc.concordat.v1.BusService.Publish` */
const channelOf = ({ path }: GrpcMethod): string => `grpc.${path.slice(1).replace('/', '.')}`;
const nameOf = (type: Type): string => type.fullName.slice(1);

/** @throws Error for a type of no `.proto` file of ours: such a message has to be described otherwise */
function fileOf(type: Type): string {
  const file = protoFiles.find((name) => type.filename?.endsWith(name));
  if (file === undefined) throw new Error(`${type.fullName} is declared in no file of ours`);
  return file;
}
const schemaName = (file: string): string => file.replaceAll('/', '.');

const describeFile = (file: string): Json => ({
  schemaFormat: 'application/vnd.google.protobuf;version=3',
  schema: readFileSync(join(protoDir, file), 'utf8'),
});

const describeMessage = (type: Type): Json => ({
  name: nameOf(type),
  contentType: 'application/grpc+proto',
  payload: refer('components', 'schemas', schemaName(fileOf(type))),
});

const describeChannel = ({ path, requestType, responseType }: GrpcMethod): Json => ({
  address: path,
  servers: [refer('servers', 'grpc')],
  messages: Object.fromEntries(
    [requestType, responseType].map((type) => [nameOf(type), refer('components', 'messages', nameOf(type))]),
  ),
});

const operationOf = (method: GrpcMethod): Json =>
  describeOperation(method.operation, channelOf(method), {
    request: nameOf(method.requestType),
    reply: nameOf(method.responseType),
  });
