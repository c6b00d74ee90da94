import { Enum, type Field, MapField, parse, type Root, Type } from 'protobufjs';
import { bounds } from '../bounds';
import { refuseSchema } from '../problem';
import { type FieldShape, type MessageShape, scalarWires } from './message-shape';

/**
 * Reads a `.proto` text and finds a message in it. protobufjs parses; it makes no code here, because names in the text are
 * those of a stranger.
 * @throws ConcordatError SCHEMA_INVALID
 */
export function readProto(proto: string, message: string): MessageShape {
  const root = parsed(proto);
  const type = lookup(root, message);
  if (!type) return refuseSchema('/message', 'names no message of the text; write its package too');
  return new Shapes().of(type);
}

function parsed(proto: string): Root {
  try {
    const { root, imports = [], weakImports = [] } = parse(proto, { keepCase: true });
    if (imports.length + weakImports.length > 0)
      refuseSchema('/proto', 'must import nothing: nothing is fetched');
    root.resolveAll();
    return root;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConcordatError') throw error;
    const reason = error instanceof Error ? error.message.slice(0, 200) : '';
    return refuseSchema('/proto', `is not read: ${reason}`);
  }
}

function lookup(root: Root, message: string): Type | undefined {
  const found = root.lookup(message.startsWith('.') ? message : `.${message}`);
  return found instanceof Type ? found : undefined;
}

class Shapes {
  readonly #known = new Map<Type, MessageShape>();
  #fields = 0;

  /** Breadth first: messages may hold each other, and very deeply. */
  of(root: Type): MessageShape {
    const waiting = [root];
    for (let type = waiting.pop(); type; type = waiting.pop()) {
      if (this.#known.has(type)) continue;
      if ((type as { group?: boolean }).group) refuseSchema('/proto', 'must have no groups');
      const fields = type.fieldsArray.map((field) => this.#field(field, waiting));
      this.#known.set(type, {
        name: type.fullName.slice(1),
        fields: new Map(fields.map((field) => [field.id, field])),
      });
    }
    return this.#known.get(root)!;
  }

  #field(field: Field, waiting: Type[]): FieldShape {
    if (++this.#fields > bounds.protobufFields)
      refuseSchema('/proto', `has more than the ${bounds.protobufFields} fields that a schema may have`);
    const { id, name } = field;
    const oneof = field.partOf && !field.partOf.isProto3Optional ? field.partOf.name : undefined;
    const common = { id, name, isRepeated: field.repeated || field instanceof MapField, oneof };
    if (field instanceof MapField) return { ...common, isRequired: false, ...this.#entry(field, waiting) };
    return { ...common, isRequired: field.required, ...this.#value(field, waiting) };
  }

  #value(
    { type, resolvedType }: Pick<Field, 'type' | 'resolvedType'>,
    waiting: Type[],
  ): Pick<FieldShape, 'type' | 'wire' | 'values' | 'message'> {
    if (resolvedType instanceof Type) {
      waiting.push(resolvedType);
      return {
        type: 'message',
        wire: 'length',
        values: undefined,
        message: () => this.#known.get(resolvedType)!,
      };
    }
    if (resolvedType instanceof Enum)
      return {
        type: 'enum',
        wire: 'varint',
        values: new Set(Object.values(resolvedType.values)),
        message: undefined,
      };
    const wire = scalarWires[type];
    if (!wire) return refuseSchema('/proto', 'has a field of a type that is not there');
    return { type, wire, values: undefined, message: undefined };
  }

  /** A map is a list of entries of a key and a value. */
  #entry(field: MapField, waiting: Type[]): Pick<FieldShape, 'type' | 'wire' | 'values' | 'message'> {
    const part = {
      isRepeated: false,
      isRequired: false,
      oneof: undefined,
      values: undefined,
      message: undefined,
    };
    const key = { ...part, id: 1, name: 'key', type: field.keyType, wire: scalarWires[field.keyType]! };
    const value = { ...part, id: 2, name: 'value', ...this.#value(field, waiting) };
    const entry: MessageShape = {
      name: `${field.name} entry`,
      fields: new Map([
        [1, key],
        [2, value],
      ]),
    };
    return { type: 'message', wire: 'length', values: undefined, message: () => entry };
  }
}
