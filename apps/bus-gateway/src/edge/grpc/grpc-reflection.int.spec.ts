import { protoDir, protoFiles } from '@concordat/contracts';
import { status as grpcStatus } from '@grpc/grpc-js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  FileDescriptorProto,
  type IDescriptorProto,
  type IFieldDescriptorProto,
  type IFileDescriptorProto,
} from 'protobufjs/ext/descriptor';
import { type DoorBench, startDoorBench } from '../../door.fixture';
import { reflect } from '../../reflection.fixture';

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
    const [answer] = await reflect(address, 'v1', { fileContainingSymbol: symbol });
    return [...answer!.fileDescriptorResponse!.fileDescriptorProto];
  };
  const decoded = async (symbol: string): Promise<IFileDescriptorProto[]> =>
    (await filesOf(symbol)).map(
      (bytes) => FileDescriptorProto.toObject(FileDescriptorProto.decode(bytes)) as IFileDescriptorProto,
    );
  const services = ['Identity', 'Policy', 'Bus', 'Vault', 'Audit'].map(
    (name) => `concordat.v1.${name}Service`,
  );

  it.each(['', 'concordat.v1', 'concordat.v1.Nothing'])(
    '"%s", which is no symbol / is not found',
    async (symbol) => {
      const [answer] = await reflect(address, 'v1', { fileContainingSymbol: symbol });
      expect(answer!.errorResponse?.errorCode).toBe(grpcStatus.NOT_FOUND);
    },
  );

  describe.each([...services, 'grpc.health.v1.Health'])('the files of %s', (service) => {
    it('are enough to link it: whatever a file names, it declares or imports', async () => {
      const files = await decoded(service);
      const declared = new Map(files.map((file) => [file.name!, declarationsOf(file)]));
      for (const file of files) {
        expect(file.syntax).toBe('proto3');
        expect((file.messageType ?? []).flatMap(entriesOf).filter(({ isNamed }) => !isNamed)).toEqual([]);
        const inReach = [file.name!, ...((file.dependency as string[]) ?? [])].flatMap((name) => [
          ...declared.get(name)!,
        ]);
        expect(inReach).toEqual(expect.arrayContaining([...referencesOf(file)]));
      }
    });

    it('come one by one by their names too', async () => {
      for (const { name } of await decoded(service)) {
        const [answer] = await reflect(address, 'v1', { fileByFilename: name! });
        expect(
          FileDescriptorProto.decode(answer!.fileDescriptorResponse!.fileDescriptorProto[0]!),
        ).toMatchObject({
          name,
        });
      }
    });
  });

  it.each(protoFiles)('%s / is described as it is written', async (file) => {
    const source = readFileSync(join(protoDir, file), 'utf8');
    const written = [...source.matchAll(/^ {2,4}(repeated |optional )?([\w.]+) (\w+) = (\d+);$/gm)].map(
      ([, label, , name, number]) => `${label === 'optional ' ? label : ''}${name} ${number}`,
    );
    const [answer] = await reflect(address, 'v1', { fileByFilename: file });
    const found = FileDescriptorProto.decode(
      answer!.fileDescriptorResponse!.fileDescriptorProto[0]!,
    ) as IFileDescriptorProto;
    // The typings of the library do not know how presence is described; the library does.
    const fields = found.messageType!.flatMap(({ field }) => field!) as (IFieldDescriptorProto & {
      readonly proto3Optional?: boolean;
    })[];
    const described = fields.map(
      ({ name, number, proto3Optional }) => `${proto3Optional ? 'optional ' : ''}${name} ${number}`,
    );
    expect(described).toEqual(written);
    expect(fields.every(({ name, jsonName }) => jsonName === camel(name!))).toBe(true);
  });
});
