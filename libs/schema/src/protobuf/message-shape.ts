/** How a value is written: protobuf encoding, "Message Structure". */
export type Wire = 'varint' | 'fixed64' | 'length' | 'fixed32';

export const wireNumber: Readonly<Record<Wire, number>> = { varint: 0, fixed64: 1, length: 2, fixed32: 5 };

export const scalarWires: Readonly<Record<string, Wire>> = {
  ...{
    int32: 'varint',
    int64: 'varint',
    uint32: 'varint',
    uint64: 'varint',
    sint32: 'varint',
    sint64: 'varint',
  },
  ...{ bool: 'varint', fixed64: 'fixed64', sfixed64: 'fixed64', double: 'fixed64' },
  ...{ fixed32: 'fixed32', sfixed32: 'fixed32', float: 'fixed32', string: 'length', bytes: 'length' },
};

export interface FieldShape {
  readonly id: number;
  readonly name: string;
  /** A scalar type, `enum` or `message`. */
  readonly type: string;
  readonly wire: Wire;
  readonly isRepeated: boolean;
  readonly isRequired: boolean;
  readonly oneof: string | undefined;
  /** Numbers of an enum. */
  readonly values: ReadonlySet<number> | undefined;
  /** Of a message; asked for when it is needed, since messages may hold each other. */
  readonly message: (() => MessageShape) | undefined;
}

export interface MessageShape {
  readonly name: string;
  readonly fields: ReadonlyMap<number, FieldShape>;
}
