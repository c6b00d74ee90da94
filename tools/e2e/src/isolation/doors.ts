import type { PublicOperationName } from '@concordat/sdk';
import { type GrpcClient, grpcMethods } from '../grpc';
import { operationRequest, request } from '../http';
import type { Answer } from './answers';
import type { Caller } from './callers';
import type { Input } from './naming';

/** A way in for operations that answer once. */
export interface Door {
  readonly title: 'HTTP' | 'gRPC';
  /** @param headers further ones, or metadata */
  ask(name: PublicOperationName, caller: Caller, input: Input, headers: Input): Promise<Answer>;
  close(): void;
}

export const httpDoor = (url: string): Door => ({
  title: 'HTTP',
  ask: (name, caller, input, more) => {
    const { path, request: prepared } = operationRequest(name, input);
    const proven = caller.prove?.(prepared.method!, `${url}${path}`);
    const headers = {
      ...prepared.headers,
      ...caller.headers,
      ...proven,
      ...(more as Record<string, string>),
    };
    return request(`${url}${path}`, { ...prepared, headers });
  },
  close: () => undefined,
});

const unaryMethods = new Map(
  grpcMethods.filter(({ isStream }) => !isStream).map((method) => [method.operation, method]),
);

/** What is asked here is what has a method; that everything with a route has one, the catalogue of the methods says. */
export const grpcDoor = (client: GrpcClient): Door => ({
  title: 'gRPC',
  ask: (name, caller, input, more) => {
    const method = unaryMethods.get(name)!;
    const proven = caller.prove?.('POST', `http://${client.address}${method.path}`);
    return client.ask(method, input, { ...caller.headers, ...proven, ...more });
  },
  close: () => client.close(),
});
