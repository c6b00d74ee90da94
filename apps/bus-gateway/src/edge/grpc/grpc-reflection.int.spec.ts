import { limits, protoDir, protoFiles } from '@concordat/contracts';
import {
  credentials,
  loadPackageDefinition,
  Metadata,
  type ServiceError,
  status as grpcStatus,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadFileDescriptorSetFromBuffer, loadSync } from '@grpc/proto-loader';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  FileDescriptorProto,
  FileDescriptorSet,
  type IDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor';
import { type DoorBench, startDoorBench } from '../../door.fixture';
import { type Fields } from '../../grpc.fixture';

type Request = { listServices: string } | { fileContainingSymbol: string } | { fileByFilename: string };
interface Answer {
  readonly listServicesResponse?: { service: { name: string }[] };
  readonly fileDescriptorResponse?: { fileDescriptorProto: Buffer[] };
  readonly errorResponse?: { errorCode: number };
}

const reflectionDir = join(dirname(require.resolve('@grpc/reflection/package.json')), 'build', 'proto');

/** Asks the gateway what it is, in the given version of the protocol (grpc/reflection/v1/reflection.proto). */
function reflect(address: string, version: 'v1' | 'v1alpha', request: Request): Promise<Answer> {
  const definition = loadSync(`grpc/reflection/${version}/reflection.proto`, {
    includeDirs: [reflectionDir],
  });
  const service = `grpc.reflection.${version}.ServerReflection`;
  const Client = loadPackageDefinition(definition);
  const constructor = service
    .split('.')
    .reduce((at, name) => (at as Fields)[name], Client as unknown) as ServiceClientConstructor;
  const client = new constructor(address, credentials.createInsecure());
  const stream = client['ServerReflectionInfo']!();
  return new Promise<Answer>((resolve, reject) => {
    stream.on('data', resolve).on('error', reject);
    stream.write(request);
    stream.end();
  }).finally(() => client.close());
}

/** Full names of the messages and enums that a file declares. */
function declarationsOf({ package: name, messageType = [], enumType = [] }: IFileDescriptorProto): string[] {
  const inMessage = (scope: string, message: IDescriptorProto): string[] => {
    const full = `${scope}.${message.name}`;
    const enums = (message.enumType ?? []).map((nested) => `${full}.${nested.name}`);
    return [full, ...enums, ...(message.nestedType ?? []).flatMap((nested) => inMessage(full, nested))];
  };
  const enums = enumType.map((declared) => `.${name}.${declared.name}`);
  return [...enums, ...messageType.flatMap((message) => inMessage(`.${name}`, message))];
}

/** Full names of the messages and enums that a file needs. */
function referencesOf({ messageType = [], service = [] }: IFileDescriptorProto): string[] {
  const inMessage = ({ field = [], nestedType = [] }: IDescriptorProto): string[] => [
    ...field.flatMap(({ typeName }) => typeName ?? []),
    ...nestedType.flatMap(inMessage),
  ];
  const methods = service.flatMap(({ method = [] }) => method);
  return [
    ...messageType.flatMap(inMessage),
    ...methods.flatMap(({ inputType, outputType }) => [inputType!, outputType!]),
  ];
}

/** The entries of maps, and whether they are called as protoc calls them: Go and Java refuse other names. */
const entriesOf = ({ field = [], nestedType = [] }: IDescriptorProto): { name: string; isNamed: boolean }[] =>
  nestedType
    .filter(({ options }) => options?.mapEntry)
    .map(({ name }) => {
      const owner = field.find(({ typeName }) => typeName?.endsWith(`.${name}`));
      return { name: name!, isNamed: `${camel(`_${owner?.name}`)}Entry` === name && owner?.label === 3 };
    });

const camel = (name: string): string =>
  name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase());

describe('reflection', () => {
  let doors: DoorBench;
  let address: string;
  beforeAll(async () => {
    doors = await startDoorBench();
    address = doors.gateway.grpcAddress;
  });
  afterAll(() => doors.stop());

  const filesOf = async (symbol: string): Promise<Buffer[]> => {
    const { fileDescriptorResponse } = await reflect(address, 'v1', { fileContainingSymbol: symbol });
    return fileDescriptorResponse!.fileDescriptorProto;
  };
  const decoded = async (symbol: string): Promise<IFileDescriptorProto[]> =>
    (await filesOf(symbol)).map(
      (bytes) => FileDescriptorProto.toObject(FileDescriptorProto.decode(bytes)) as IFileDescriptorProto,
    );
  const services = ['Identity', 'Policy', 'Bus', 'Vault', 'Audit'].map(
    (name) => `concordat.v1.${name}Service`,
  );

  it.each(['v1', 'v1alpha'] as const)('%s / lists all services', async (version) => {
    const { listServicesResponse } = await reflect(address, version, { listServices: '*' });
    const names = listServicesResponse!.service.map(({ name }) => name);
    expect(names.sort()).toEqual([...services, 'grpc.health.v1.Health'].sort());
  });

  it.each(['', 'concordat.v1', 'concordat.v1.Nothing'])(
    '"%s", which is no symbol / is not found',
    async (symbol) => {
      const { errorResponse } = await reflect(address, 'v1', { fileContainingSymbol: symbol });
      expect(errorResponse?.errorCode).toBe(grpcStatus.NOT_FOUND);
    },
  );

  describe.each([...services, 'grpc.health.v1.Health'])('the files of %s', (service) => {
    it('are enough to link it: whatever a file names, it declares or imports', async () => {
      const files = await decoded(service);
      const declared = new Map(files.map((file) => [file.name!, declarationsOf(file)]));
      for (const file of files) {
        expect(file.syntax).toBe('proto3');
        expect(file.messageType!.flatMap(entriesOf).filter(({ isNamed }) => !isNamed)).toEqual([]);
        const inReach = [file.name!, ...((file.dependency as string[]) ?? [])].flatMap((name) => [
          ...declared.get(name)!,
        ]);
        expect(inReach).toEqual(expect.arrayContaining([...referencesOf(file)]));
      }
    });

    it('come one by one by their names too', async () => {
      for (const { name } of await decoded(service)) {
        const { fileDescriptorResponse } = await reflect(address, 'v1', { fileByFilename: name! });
        expect(FileDescriptorProto.decode(fileDescriptorResponse!.fileDescriptorProto[0]!)).toMatchObject({
          name,
        });
      }
    });
  });

  it.each(protoFiles)('%s / is described as it is written', async (file) => {
    const source = readFileSync(join(protoDir, file), 'utf8');
    const written = [...source.matchAll(/^ {2}(repeated )?([\w.]+) (\w+) = (\d+);$/gm)].map(
      ([, , , name, number]) => `${name} ${number}`,
    );
    const { fileDescriptorResponse } = await reflect(address, 'v1', { fileByFilename: file });
    const found = FileDescriptorProto.decode(
      fileDescriptorResponse!.fileDescriptorProto[0]!,
    ) as IFileDescriptorProto;
    const fields = found.messageType!.flatMap(({ field }) => field!);
    expect(fields.map(({ name, number }) => `${name} ${number}`)).toEqual(written);
    expect(fields.every(({ name, jsonName }) => jsonName === camel(name!))).toBe(true);
  });

  it('a client that knows nothing else / can call', async () => {
    const file = await filesOf('concordat.v1.BusService');
    const set = FileDescriptorSet.encode(
      FileDescriptorSet.fromObject({ file: file.map((bytes) => FileDescriptorProto.decode(bytes)) }),
    ).finish();
    const { concordat } = loadPackageDefinition(
      loadFileDescriptorSetFromBuffer(Buffer.from(set), { longs: Number }),
    ) as unknown as { concordat: { v1: Record<string, ServiceClientConstructor> } };
    const client = new concordat.v1['BusService']!(address, credentials.createInsecure());
    const call = (method: string, request: Fields): Promise<Fields> =>
      new Promise((resolve, reject) => {
        const metadata = new Metadata();
        metadata.set('authorization', doors.authorization.agent);
        client[method]!(request, metadata, (error: ServiceError | null, value: Fields) =>
          error ? reject(error) : resolve(value),
        );
      });
    // protobufjs takes a described map for what it is on the wire, a list of entries.
    const payload = {
      struct_value: {
        fields: [{ key: 'a', value: { list_value: { values: [{ null_value: 0 }, { number_value: 1 }] } } }],
      },
    };
    const { id } = await call('Publish', {
      to: doors.agent.did,
      type: 'EVENT',
      payload,
      correlation_id: 'c-1',
      ttl_seconds: limits.messageTtlSeconds,
    });
    const { items } = (await call('FetchInbox', { wait_seconds: 5 })) as { items: Fields[] };
    expect(items).toMatchObject([{ id, payload, correlation_id: 'c-1', attempt: 1 }]);
    client.close();
  });
});
