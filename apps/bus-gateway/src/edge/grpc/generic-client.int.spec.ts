import { limits, protoDir, protoFiles } from '@concordat/contracts';
import { type ServiceError, status as grpcStatus } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DoorBench, startDoorBench } from '../../door.fixture';
import type { Fields } from '../../grpc.fixture';
import {
  type GenericCaller,
  openGeneric,
  reflect,
  reflectionVersions,
  type ReflectionRequest,
} from '../../reflection.fixture';

/** What the `.proto` files say: services of ours, with their methods. */
const written = protoFiles.flatMap((file) => {
  const source = readFileSync(join(protoDir, file), 'utf8');
  const service = /^service (\w+)/m.exec(source)?.[1];
  const methods = [...source.matchAll(/^ {2}rpc (\w+)\((stream )?\w+\) returns \((stream )?/gm)];
  return methods.map(([, name, isTaking, isGiving]) => ({
    ...{ service: `concordat.v1.${service}`, name: name!, isUnary: !isTaking && !isGiving },
  }));
});
const bus = 'concordat.v1.BusService';

let doors: DoorBench;
beforeAll(async () => (doors = await startDoorBench()));
afterAll(() => doors.stop());

describe.each(reflectionVersions)('a client that has reflection %s and nothing else', (version) => {
  let caller: GenericCaller;
  beforeAll(async () => (caller = await openGeneric(doors.gateway.grpcAddress, version)));
  afterAll(() => caller.close());
  const call = (method: string, request: Fields): Promise<Fields> =>
    caller.call(`${bus}/${method}`, request, doors.authorization.agent);

  it('finds all services with all their methods', () => {
    expect([...caller.services].sort()).toEqual(
      [...new Set(written.map(({ service }) => service)), 'grpc.health.v1.Health'].sort(),
    );
    const found = caller.services.flatMap((service) =>
      caller.methodsOf(service).map((name) => `${service}/${name}`),
    );
    expect(found.sort()).toEqual(
      [
        ...written.map(({ service, name }) => `${service}/${name}`),
        ...['Check', 'List', 'Watch'].map((name) => `grpc.health.v1.Health/${name}`),
      ].sort(),
    );
  });

  it('asks many things in one stream, and is answered in the order', async () => {
    const requests: ReflectionRequest[] = [
      { listServices: '*' },
      { fileContainingSymbol: 'concordat.v1.Nothing' },
      { allExtensionNumbersOfType: 'concordat.v1.Nothing' },
      { fileContainingSymbol: `${bus}.Publish` },
      { fileByFilename: '../../package.json' },
      { fileContainingSymbol: 'google.protobuf.Value' },
    ];
    const answers = await reflect(doors.gateway.grpcAddress, version, ...requests);
    expect(answers.map(({ originalRequest }) => originalRequest)).toMatchObject(requests);
    const kinds = answers.map((answer) =>
      (['listServicesResponse', 'fileDescriptorResponse', 'errorResponse'] as const).find(
        (kind) => answer[kind],
      ),
    );
    const [list, file, error] = ['listServicesResponse', 'fileDescriptorResponse', 'errorResponse'];
    expect(kinds).toEqual([list, error, error, file, error, file]);
  });

  it('sends, reads, receives and acknowledges a message', async () => {
    // protobufjs takes a described map for what it is on the wire, a list of entries.
    const payload = {
      struct_value: {
        fields: [{ key: 'a', value: { list_value: { values: [{ null_value: 0 }, { number_value: 1 }] } } }],
      },
    };
    const { id } = await call('Publish', {
      ...{ to: doors.agent.did, type: 'EVENT', payload, correlation_id: 'c-1' },
      ttl_seconds: limits.messageTtlSeconds,
    });
    expect(await call('GetMessage', { id })).toMatchObject({ id, status: 'PENDING', correlation_id: 'c-1' });
    const { items } = (await call('FetchInbox', { wait_seconds: 5 })) as { items: Fields[] };
    expect(items).toMatchObject([{ id, payload, correlation_id: 'c-1', attempt: 1 }]);
    expect(await call('AckInbox', { tokens: [items[0]!['delivery_token']] })).toEqual({ acked: [id] });
    expect(await call('GetMessage', { id })).toMatchObject({ status: 'DELIVERED', attempts: 1 });
  });

  it('asks for the health of the whole and of every service, one by one and together', async () => {
    for (const service of ['', ...caller.services.filter((name) => name.startsWith('concordat.'))])
      expect(await caller.call('grpc.health.v1.Health/Check', { service })).toEqual({ status: 1 });
    const { statuses } = (await caller.call('grpc.health.v1.Health/List', {})) as { statuses: Fields[] };
    expect(statuses.map((entry) => [entry['key'], entry['value']])).toEqual(
      expect.arrayContaining([[bus, { status: 1 }]]),
    );
  });

  it.each(written.filter(({ isUnary }) => isUnary).map(({ service, name }) => `${service}/${name}`))(
    'calls %s, and is answered by the operation, not by the library',
    async (method) => {
      const error = (await caller
        .call(method, {})
        .catch((thrown: unknown) => thrown)) as Partial<ServiceError>;
      expect(error.metadata?.get('grpc-status-details-bin').length).toBe(1);
      expect([grpcStatus.UNAUTHENTICATED, grpcStatus.INVALID_ARGUMENT, grpcStatus.NOT_FOUND]).toContain(
        error.code,
      );
    },
  );
});
