import { type CasesOf, impostor, type World } from './world';

let written = 0;
const newType = (): string => `case.n${process.pid}-${++written}`;
const schema = { type: 'object', required: ['n'], properties: { n: { type: 'integer' } } };

const withSchema = async ({ admin }: World, then: (type: string) => Promise<void>): Promise<void> => {
  const type = newType();
  await admin.schemas.put({ type, version: 1, schema });
  await then(type);
};

export const schemas: CasesOf<'schema'> = {
  'schema.put': {
    succeed: (world) =>
      withSchema(world, async (type) => {
        const wider = { ...schema, properties: { n: { type: ['integer', 'null'] } } };
        const next = { type, version: 2, schema: wider };
        expect(await world.admin.schemas.put(next)).toMatchObject({ type, version: 2, schema: wider });
      }),
    refuse: ({ admin }) => admin.schemas.put({ type: newType(), version: 2, schema }),
    refusal: 'SCHEMA_VERSION_SKIPPED',
  },
  'schema.get': {
    succeed: (world) =>
      withSchema(world, async (type) =>
        expect(await world.asBob.schemas.get({ type, version: 1 })).toMatchObject({
          encoding: 'json',
          schema,
        }),
      ),
    refuse: ({ asBob }) => asBob.schemas.get({ type: newType(), version: 1 }),
    refusal: 'SCHEMA_UNKNOWN',
  },
  'schema.list': {
    succeed: (world) =>
      withSchema(world, async (type) => {
        const { items } = await world.asBob.schemas.list({ limit: 500 });
        expect(items).toContainEqual({ type, latestVersion: 1 });
      }),
    refuse: ({ system }) => impostor(system).schemas.list(),
    refusal: 'CREDENTIAL_INVALID',
  },
};
