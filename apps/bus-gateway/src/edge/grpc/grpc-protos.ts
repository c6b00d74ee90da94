import { findOperation, type OperationSpec, protoDir, protoFiles } from '@concordat/contracts';
import type { ServiceDefinition } from '@grpc/grpc-js';
import { protoPath as healthFile } from 'grpc-health-check';
import { join } from 'node:path';
import { type Method, type Namespace, Root, Service, type Type } from 'protobufjs';

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

const ourPackage = 'concordat.v1';
const operationOption = `(${ourPackage}.operation)`;

/** Everything that the `.proto` files declare, those of the health service included. */
export function loadRoot(): Root {
  const root = new Root();
  root.resolvePath = (_origin, target) => (target.startsWith('concordat/') ? join(protoDir, target) : target);
  root.loadSync([...protoFiles, healthFile]).resolveAll();
  return root;
}

/** @throws Error when a method names no operation of the catalogue */
export const loadServices = (root: Root): GrpcService[] =>
  (root.lookup(ourPackage) as Namespace).nestedArray
    .filter((declared) => declared instanceof Service)
    .map((service) => {
      const methods = service.methodsArray.map(toMethod);
      return { name: service.fullName.slice(1), methods, definition: definitionOf(methods) };
    });

function toMethod(method: Method): GrpcMethod {
  const { name, fullName, parent, options } = method;
  const operation = findOperation(String(options?.[operationOption]));
  if (!operation) throw new Error(`the gRPC method ${fullName} names no operation of the catalogue`);
  return {
    ...{ name, path: `/${parent!.fullName.slice(1)}/${name}`, operation },
    isStream: method.responseStream === true,
    takesMany: method.requestStream === true,
    ...{ requestType: method.resolvedRequestType!, responseType: method.resolvedResponseType! },
  };
}

/** What a request cannot be decoded from is refused by us, with a code, and not by the library as its own failure. */
const definitionOf = (methods: readonly GrpcMethod[]): ServiceDefinition =>
  Object.fromEntries(
    methods.map(({ name, path, takesMany, isStream, requestType, responseType }) => [
      name,
      {
        ...{ path, requestStream: takesMany, responseStream: isStream },
        ...{ requestSerialize: bytesOf(requestType), requestDeserialize: (bytes: Buffer) => bytes },
        responseSerialize: bytesOf(responseType),
        responseDeserialize: (bytes: Buffer) => responseType.decode(bytes),
      },
    ]),
  );

/** `finish` makes a Buffer in Node.js. */
const bytesOf =
  (type: Type) =>
  (value: object): Buffer =>
    type.encode(type.fromObject(value)).finish() as Buffer;
