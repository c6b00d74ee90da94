import type { PackageDefinition } from '@grpc/proto-loader';
import { basename } from 'node:path/posix';
import { Enum, type FieldBase, MapField, type Namespace, type Root, Service, Type } from 'protobufjs';
import { FileDescriptorProto } from 'protobufjs/ext/descriptor';

/** The packages that callers meet, and what of them; everything when not said. */
const packages: Readonly<Record<string, readonly string[] | undefined>> = {
  'google.protobuf': ['Struct', 'Value', 'NullValue', 'ListValue'],
  'grpc.health.v1': undefined,
  'concordat.v1': undefined,
};

/** What `ReflectionService` reads of a package definition: the files, once. */
export const reflectionOf = (root: Root): PackageDefinition => ({
  files: {
    ...{ format: 'Protocol Buffer 3 DescriptorProto', type: {}, fileDescriptorProtos: describeFiles(root) },
    ...{ serialize: () => Buffer.alloc(0), deserialize: () => ({}) },
  },
});

/**
 * The files as protoc would describe them, for reflection: by their names, with what they import, and with field names
 * as they are written. What proto-loader makes by itself lacks all three, and clients that link it (grpcurl) refuse it.
 */
function describeFiles(root: Root): Buffer[] {
  const files = new Map<string, Declared[]>();
  for (const [name, wanted] of Object.entries(packages)) {
    for (const declared of (root.lookup(name) as Namespace).nestedArray) {
      if (!isDeclared(declared) || wanted?.includes(declared.name) === false) continue;
      const file = fileOf(declared);
      files.set(file, [...(files.get(file) ?? []), declared]);
    }
  }
  return [...files].map(([name, declared]) =>
    Buffer.from(
      FileDescriptorProto.encode(FileDescriptorProto.fromObject(describeFile(name, declared))).finish(),
    ),
  );
}

type Declared = Type | Enum | Service;

const isDeclared = (declared: unknown): declared is Declared =>
  declared instanceof Type || declared instanceof Enum || declared instanceof Service;

const packageOf = ({ parent }: Declared): string => parent!.fullName.slice(1);

/** The well-known types come with protobufjs, from no file. */
const fileOf = (declared: Declared): string =>
  `${packageOf(declared).replaceAll('.', '/')}/${basename(declared.filename ?? 'struct.proto')}`;

function describeFile(name: string, declared: readonly Declared[]): object {
  const imports = declared.flatMap(referencesOf).map(fileOf);
  return {
    ...{ name, package: packageOf(declared[0]!), syntax: 'proto3' },
    dependency: [...new Set(imports)].filter((file) => file !== name),
    messageType: declared.filter((one) => one instanceof Type).map(describeMessage),
    enumType: declared.filter((one) => one instanceof Enum).map(describeEnum),
    service: declared.filter((one) => one instanceof Service).map(describeService),
  };
}

function referencesOf(declared: Declared): Declared[] {
  const types =
    declared instanceof Type
      ? declared.fieldsArray.map(({ resolvedType }) => resolvedType)
      : declared instanceof Service
        ? declared.methodsArray.flatMap((method) => [method.resolvedRequestType, method.resolvedResponseType])
        : [];
  return types.filter((type) => type !== null && !(type.parent instanceof Type)) as Declared[];
}

const describeMessage = ({ name, fieldsArray, nestedArray, oneofsArray }: Type): object => ({
  name,
  field: fieldsArray.map(describeField),
  nestedType: [
    ...nestedArray.filter((nested) => nested instanceof Type).map(describeMessage),
    ...fieldsArray.filter((field) => field instanceof MapField).map(describeEntry),
  ],
  enumType: nestedArray.filter((nested) => nested instanceof Enum).map(describeEnum),
  oneofDecl: oneofsArray.map((oneof) => ({ name: oneof.name })),
});

function describeField(field: FieldBase): object {
  const { name: jsonName, id: number, partOf, map, repeated, parent, options } = field;
  return {
    ...{
      jsonName,
      number,
      name: written(jsonName),
      label: repeated || map ? 'LABEL_REPEATED' : 'LABEL_OPTIONAL',
    },
    ...(map ? { type: 'TYPE_MESSAGE', typeName: `${parent!.fullName}.${entryOf(field)}` } : kindOf(field)),
    ...(partOf ? { oneofIndex: (parent as Type).oneofsArray.indexOf(partOf) } : {}),
    ...(options?.['proto3_optional'] ? { proto3Optional: true } : {}),
  };
}

/** A map is a list of entries of a message made for it (language guide, “Maps”). */
const describeEntry = (field: MapField): object => ({
  name: entryOf(field),
  field: [
    {
      name: 'key',
      jsonName: 'key',
      number: 1,
      label: 'LABEL_OPTIONAL',
      type: `TYPE_${field.keyType.toUpperCase()}`,
    },
    { name: 'value', jsonName: 'value', number: 2, label: 'LABEL_OPTIONAL', ...kindOf(field) },
  ],
  options: { mapEntry: true },
});

function kindOf(field: FieldBase): object {
  const { resolvedType } = field;
  if (!resolvedType) return { type: `TYPE_${field.type.toUpperCase()}` };
  return {
    type: resolvedType instanceof Enum ? 'TYPE_ENUM' : 'TYPE_MESSAGE',
    typeName: resolvedType.fullName,
  };
}

const describeEnum = ({ name, values }: Enum): object => ({
  name,
  value: Object.entries(values).map(([value, number]) => ({ name: value, number })),
});

const describeService = ({ name, methodsArray }: Service): object => ({
  name,
  method: methodsArray.map((method) => ({
    name: method.name,
    inputType: method.resolvedRequestType!.fullName,
    outputType: method.resolvedResponseType!.fullName,
    clientStreaming: method.requestStream === true,
    serverStreaming: method.responseStream === true,
  })),
});

/** `deliveryToken`, as protobufjs calls the field, is written `delivery_token`. */
const written = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const entryOf = ({ name }: FieldBase): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Entry`;
