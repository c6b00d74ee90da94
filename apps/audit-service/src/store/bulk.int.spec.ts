import { startPostgres } from '@concordat/processes';
import type { MikroORM } from '@mikro-orm/postgresql';
import fc from 'fast-check';
import { LogState } from '../log/log-rows';
import { AuditStore } from './audit-store';
import { insertRows, type Table } from './bulk';
import { makeOrm } from './orm';

interface Row {
  readonly text: string | null;
  readonly bytes: Uint8Array | null;
  readonly count: number | null;
}

const table: Table<Row & { readonly place: number }> = {
  name: 'bulk_rows',
  columns: [
    { name: 'bytes', type: 'bytea', of: ({ bytes }) => bytes },
    { name: 'place', type: 'int4', of: ({ place }) => place },
    { name: 'text', type: 'text', of: ({ text }) => text },
    { name: 'count', type: 'int8', of: ({ count }) => count },
    { name: 'again', type: 'bytea', of: ({ bytes }) => bytes },
  ],
};

describe('rows inserted together', () => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>;
  let orm: MikroORM;
  let store: AuditStore;

  beforeAll(async () => {
    postgres = await startPostgres();
    const ignore = (): void => undefined;
    orm = makeOrm({ databaseUrl: postgres.url, instance: 'bulk', entities: [LogState], log: ignore });
    store = new AuditStore(orm);
    await orm.em
      .getConnection()
      .execute('CREATE TABLE bulk_rows (place int4, text text, bytes bytea, again bytea, count int8)');
  });
  afterAll(async () => {
    await store.close();
    await postgres.stop();
  });

  const optional = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
  const awkward = fc.constantFrom(
    '',
    'NULL',
    'null',
    '"',
    '\\',
    '\\"',
    '{}',
    ',',
    ' ',
    '\t',
    '\n',
    'ä😀',
    '\\0',
    'a\0b',
  );
  const rows = fc.array(
    fc.record<Row>({
      text: optional(fc.oneof(awkward, fc.string({ unit: 'binary' }))),
      bytes: optional(fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 300 }))),
      count: optional(fc.maxSafeInteger()),
    }),
    { minLength: 1, maxLength: 40 },
  );

  it('are what they were, whatever stands in them; only NUL, which PostgreSQL does not store, is replaced', async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (given) => {
        await store.transaction((em) =>
          insertRows(
            em,
            table,
            given.map((row, place) => ({ ...row, place })),
          ),
        );
        const connection = orm.em.getConnection();
        const found = await connection.execute<(Row & { again: Uint8Array | null })[]>(
          'SELECT text, bytes, again, count FROM bulk_rows ORDER BY place',
        );
        await connection.execute('TRUNCATE bulk_rows');
        expect(
          found.map(({ bytes, again, text, count }) => [text, hex(bytes), hex(again), numeral(count)]),
        ).toEqual(
          given.map(({ text, bytes, count }) => [
            text?.replaceAll('\0', '\ufffd') ?? null,
            ...[hex(bytes), hex(bytes), numeral(count)],
          ]),
        );
      }),
      { numRuns: 60 },
    );
  });

  const hex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('hex');
  const numeral = (count: number | null): string | null => (count === null ? null : String(count));
});
