import type { JsonValue } from '@concordat/contracts';

export type Schema = boolean | Keywords;

/** The keywords of JSON Schema 2020-12 that are taken, less annotations. */
export interface Keywords {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly enum?: readonly JsonValue[];
  readonly const?: JsonValue;
  readonly multipleOf?: number;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly prefixItems?: readonly Schema[];
  readonly items?: Schema;
  readonly contains?: Schema;
  readonly minContains?: number;
  readonly maxContains?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly required?: readonly string[];
  readonly dependentRequired?: Readonly<Record<string, readonly string[]>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly propertyNames?: Schema;
  readonly dependentSchemas?: Readonly<Record<string, Schema>>;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly not?: Schema;
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
}

/** Formats that are checked: of ajv-formats those whose patterns cannot be made to run long. */
export const formats = ['date-time', 'date', 'time', 'uuid', 'uri', 'email', 'ipv4', 'ipv6'] as const;

/** Keywords that hold one subschema, a list of them, and subschemas by name. */
export const oneSchema = [
  ...['items', 'contains', 'additionalProperties', 'propertyNames', 'not', 'if', 'then', 'else'],
] as const;
export const schemaLists = ['prefixItems', 'allOf', 'anyOf', 'oneOf'] as const;
export const schemaMaps = ['properties', 'patternProperties', 'dependentSchemas'] as const;

/** Of these applicators the subschemas are about the same value as the schema itself. */
export function sameValue(schema: Keywords): Schema[] {
  const { allOf = [], anyOf = [], oneOf = [], dependentSchemas = {} } = schema;
  const single = [schema.not, schema.if, schema.then, schema.else].filter((part) => part !== undefined);
  return [...allOf, ...anyOf, ...oneOf, ...Object.values(dependentSchemas), ...single];
}
