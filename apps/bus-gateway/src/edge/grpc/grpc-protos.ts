import { findOperation, type OperationSpec, protoDir, protoFiles } from '@concordat/contracts';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { protoPath as healthFile } from 'grpc-health-check';
import { join } from 'node:path';
import { Root, type Type } from 'protobufjs';

/** A method of the `.proto` files, with the operation that its option names. */
export interface GrpcMethod {
  readonly name: string;
  readonly path: string;
  readonly operation: OperationSpec;
  /** Whether the server answers with many messages. */
  readonly isStream: boolean;
  /** Whether the client sends many. */
  readonly takesMany: boolean;
  readonly requestType: Type;
  readonly responseType: Type;
}

/** A service of the `.proto` files. Its requests are handed over as they came, in bytes. */
export interface GrpcService {
  readonly name: string;
  readonly definition: ServiceDefinition;
  readonly methods: readonly GrpcMethod[];
}

const operationOption = '(concordat.v1.operation)';

/** Everything that the `.proto` files declare, those of the health service included. */
export function loadRoot(): Root {
  const root = new Root();
  root.resolvePath = (_origin, target) => (target.startsWith('concordat/') ? join(protoDir, target) : target);
  root.loadSync([...protoFiles, healthFile]).resolveAll();
  return root;
}

/** @throws Error when a method names no operation of the catalogue */
export function loadServices(root: Root): GrpcService[] {
  const loaded = Object.entries(loadSync(protoFiles, { includeDirs: [protoDir], longs: Number }));
  const services = loaded.filter(([, value]) => !('format' in value)) as [string, ServiceDefinition][];
  return services.map(([name, definition]) => ({
    name,
    definition: takingBytes(definition),
    methods: root.lookupService(name).methodsArray.map((method) => {
      const operation = findOperation(String(method.options?.[operationOption]));
      if (!operation)
        throw new Error(`the gRPC method ${method.fullName} names no operation of the catalogue`);
      return {
        ...{ name: method.name, path: definition[method.name]!.path, operation },
        isStream: method.responseStream === true,
        takesMany: method.requestStream === true,
        ...{ requestType: method.resolvedRequestType!, responseType: method.resolvedResponseType! },
      };
    }),
  }));
}

/** What cannot be decoded is refused by us, with a code, and not by the library as its own failure. */
const takingBytes = (definition: ServiceDefinition): ServiceDefinition =>
  Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: (bytes: Buffer) => bytes },
    ]),
  );
