import { canonicalJson } from '@concordat/crypto';
import { z } from 'zod';
import type { Format } from '../format';
import { readManifest, readProof } from '../proof-fields';

const line = z.union([
  z.strictObject({ manifest: z.looseObject({}), signature: z.string() }),
  z.strictObject({ message: z.looseObject({}), chain: z.string() }),
  z.looseObject({ logIndex: z.number(), event: z.looseObject({}).nullable() }),
]);

/** JSON Lines: the event itself beside its proof. */
export const ndjson: Format = {
  render(record) {
    const tail = '"}';
    if (record.kind === 'message') return { head: `{"message":${record.message},"chain":"`, tail };
    const { logIndex, gap } = record;
    const place = `{"logIndex":${logIndex},"gap":${JSON.stringify(gap)},`;
    const content =
      record.kind === 'event'
        ? `"event":${record.event},"salt":${JSON.stringify(record.salt)},"body":${JSON.stringify(record.body)}`
        : `"event":null,"leaf":${record.leaf}`;
    return { head: `${place}${content},"chain":"`, tail };
  },

  renderManifest: ({ text, signature }) => `{"manifest":${text},"signature":${JSON.stringify(signature)}}`,

  read(text) {
    const fields = line.parse(JSON.parse(text));
    if ('manifest' in fields)
      return readManifest({ signature: fields.signature }, canonicalJson(fields.manifest));
    if ('message' in fields)
      return {
        record: { kind: 'message', message: canonicalJson(fields.message) },
        chain: fields.chain as string,
      };
    const { event, ...proof } = fields;
    if (event !== null) return readProof(proof, canonicalJson(event));
    return readProof({ ...proof, leaf: canonicalJson(proof['leaf']) }, undefined);
  },
};
