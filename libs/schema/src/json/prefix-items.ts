import { _, type CodeKeywordDefinition, type KeywordCxt } from 'ajv/dist/core';
import type { Schema } from './json-schema';

/**
 * `prefixItems` for ajv. That of ajv 8.20 leaves its `valid` undefined when an array is shorter than the prefix, and then
 * passes over every keyword behind it: a payload would be taken that is not valid.
 */
export const prefixItems: CodeKeywordDefinition = {
  ...{ keyword: 'prefixItems', type: 'array', schemaType: 'array', before: 'uniqueItems' },
  code(cxt: KeywordCxt) {
    const { gen, data, keyword } = cxt;
    const valid = gen.var('valid', true);
    const length = gen.const('len', _`${data}.length`);
    (cxt.schema as readonly Schema[]).forEach((_schema, place) => {
      gen.if(_`${length} > ${place}`, () =>
        cxt.subschema({ keyword, schemaProp: place, dataProp: place }, valid),
      );
      cxt.ok(valid);
    });
  },
};
