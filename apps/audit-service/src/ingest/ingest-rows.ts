import { BigIntType, EntitySchema } from '@mikro-orm/postgresql';

const bigint = new BigIntType('number');

/** Up to where a source is in the log. */
export interface SourceCursorRow {
  source: string;
  epoch: number;
  position: number;
}

export const SourceCursor = new EntitySchema<SourceCursorRow>({
  name: 'SourceCursor',
  tableName: 'source_cursors',
  properties: {
    source: { type: 'text', primary: true },
    epoch: { type: bigint },
    position: { type: bigint },
  },
});
