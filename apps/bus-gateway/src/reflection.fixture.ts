import {
  credentials,
  type GrpcObject,
  loadPackageDefinition,
  Metadata,
  type ServiceClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { dirname, join } from 'node:path';
import { FileDescriptorProto, FileDescriptorSet, type IFileDescriptorProto } from 'protobufjs/ext/descriptor';
import type { Fields } from './grpc.fixture';

export const reflectionVersions = ['v1', 'v1alpha'] as const;
export type ReflectionVersion = (typeof reflectionVersions)[number];

export type ReflectionRequest =
  | { readonly listServices: string }
  | { readonly fileContainingSymbol: string }
  | { readonly fileByFilename: string }
  | { readonly allExtensionNumbersOfType: string };

export interface ReflectionAnswer {
  readonly originalRequest?: Partial<Record<string, unknown>>;
  readonly listServicesResponse?: { readonly service: readonly { readonly name: string }[] };
  readonly fileDescriptorResponse?: { readonly fileDescriptorProto: readonly Buffer[] };
  readonly errorResponse?: { readonly errorCode: number };
}

const reflectionDir = join(dirname(require.resolve('@grpc/reflection/package.json')), 'build', 'proto');

const find = (loaded: GrpcObject, name: string): ServiceClientConstructor =>
  name
    .split('.')
    .reduce<unknown>((at, part) => Object(at)[part] as unknown, loaded) as ServiceClientConstructor;

/** Asks a server what it is, in one stream (grpc/reflection/v1/reflection.proto). @returns the answers in their order */
export async function reflect(
  address: string,
  version: ReflectionVersion,
  ...requests: readonly ReflectionRequest[]
): Promise<ReflectionAnswer[]> {
  const file = `grpc/reflection/${version}/reflection.proto`;
  const loaded = loadPackageDefinition(loadSync(file, { includeDirs: [reflectionDir] }));
  const Reflection = find(loaded, `grpc.reflection.${version}.ServerReflection`);
  const client = new Reflection(address, credentials.createInsecure());
  const stream = client['ServerReflectionInfo']!();
  const answers: ReflectionAnswer[] = [];
  return new Promise<ReflectionAnswer[]>((resolve, reject) => {
    stream.on('data', (answer: ReflectionAnswer) => answers.push(answer));
    stream.on('error', reject).on('end', () => resolve(answers));
    for (const request of requests) stream.write(request);
    stream.end();
  }).finally(() => client.close());
}

/** A caller that knows an address and nothing else, as grpcurl does: for specs only. */
export interface GenericCaller {
  /** Full names. */
  readonly services: readonly string[];
  /** The methods of a service, by their names. */
  methodsOf(service: string): string[];
  /** @throws ServiceError */
  call(method: string, request: Fields, authorization?: string): Promise<Fields>;
  close(): void;
}

export async function openGeneric(address: string, version: ReflectionVersion): Promise<GenericCaller> {
  const [listed] = await reflect(address, version, { listServices: '*' });
  const services = listed!.listServicesResponse!.service.map(({ name }) => name);
  const asked = services.map((name) => ({ fileContainingSymbol: name }));
  const found = (await reflect(address, version, ...asked)).flatMap(
    ({ fileDescriptorResponse }) => fileDescriptorResponse!.fileDescriptorProto,
  );
  const files = new Map(
    found.map((bytes) => {
      const file = FileDescriptorProto.decode(bytes) as IFileDescriptorProto;
      return [file.name!, file] as const;
    }),
  );
  const set = FileDescriptorSet.encode(FileDescriptorSet.fromObject({ file: [...files.values()] })).finish();
  const loaded = loadPackageDefinition(loadFileDescriptorSetFromBuffer(Buffer.from(set), { longs: Number }));
  const clients = new Map(
    services.map((name) => [name, new (find(loaded, name))(address, credentials.createInsecure())]),
  );
  return {
    services,
    methodsOf: (service) => Object.keys(find(loaded, service).service),
    call: (method, request, authorization) => {
      const [service, name] = method.split('/') as [string, string];
      const metadata = new Metadata();
      if (authorization !== undefined) metadata.set('authorization', authorization);
      return new Promise((resolve, reject) => {
        clients.get(service)![name]!(request, metadata, (error: ServiceError | null, value: Fields) =>
          error ? reject(error) : resolve(value),
        );
      });
    },
    close: () => clients.forEach((client) => client.close()),
  };
}
