import { limits, operations } from '@concordat/contracts';
import { type OperationRequest } from '@concordat/sdk';
import { type Command } from 'commander';
import { act, during } from '../client/act';
import { choice, wholeNumber } from '../client/arguments';
import { addAdminOptions, Connection, type ConnectionOptions } from '../client/connection';
import { readBytes, readJsonFile } from '../client/json-file';
import { type Context, UserError } from '../context';
import { jsonText, table, visible } from '../output';

type Put = OperationRequest<'schema.put'>;
type PutOptions = ConnectionOptions & Pick<Put, 'compatibility'> & { readonly message?: string };

const version = wholeNumber(1, limits.schemaVersions);
const compatibilities = operations['schema.put'].input.shape.compatibility.unwrap().options;

/** `schema put|get|list` */
export function register(command: Command, context: () => Context): void {
  addAdminOptions(
    command
      .command('put')
      .argument('<type>')
      .argument('<version>', 'the next one', version)
      .argument('<file>'),
  )
    .description(
      'register the next version of the schema of a payload type, from a JSON Schema or a .proto file',
    )
    .option('--message <name>', 'the message of a .proto file, with its package: payloads are protobuf')
    .addOption(
      choice('--compatibility <mode>', 'with the version before', compatibilities).default('backward'),
    )
    .action(
      act((type: string, number: number, file: string, options: PutOptions) =>
        put(context(), { type, version: number, file }, options),
      ),
    );
  addAdminOptions(command.command('get').argument('<type>').argument('<version>', 'from 1', version))
    .description('show a version of a schema')
    .action(
      act((type: string, number: number, options: ConnectionOptions) =>
        get(context(), type, number, options),
      ),
    );
  addAdminOptions(command.command('list'))
    .description('list the payload types that have a schema')
    .option('--limit <n>', 'at most so many', wholeNumber(1, 500), 200)
    .action(act((options: ConnectionOptions & { limit: number }) => list(context(), options)));
}

async function put(
  context: Context,
  { file, ...name }: Pick<Put, 'type'> & { readonly version: number; readonly file: string },
  { message, compatibility, ...options }: PutOptions,
): Promise<void> {
  const schema = await (message === undefined ? jsonSchema(file) : protobuf(file, message));
  const client = await new Connection(context, options).asAdmin();
  const asked = client.schemas.put({ ...name, ...schema, compatibility });
  const registered = await during(context.progress, `registering ${name.type}/${name.version}`, asked);
  context.output.data(registered, () => `${visible(registered.type)}/${registered.version} is registered.`);
}

async function jsonSchema(file: string): Promise<Pick<Put, 'encoding' | 'schema'>> {
  const schema = await readJsonFile(file);
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema))
    throw new UserError(visible(`${file} is no JSON Schema: it must be an object.`));
  return { encoding: 'json', schema };
}

async function protobuf(file: string, message: string): Promise<Pick<Put, 'encoding' | 'schema'>> {
  return { encoding: 'protobuf', schema: { proto: (await readBytes(file)).toString('utf8'), message } };
}

async function get(
  context: Context,
  type: string,
  number: number,
  options: ConnectionOptions,
): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const found = await client.schemas.get({ type, version: number });
  context.output.data(found, () => jsonText(found));
}

async function list(context: Context, options: ConnectionOptions & { limit: number }): Promise<void> {
  const client = await new Connection(context, options).asAdmin();
  const page = await client.schemas.list({ limit: options.limit });
  context.output.data(page, () =>
    table(
      ['type', 'latest version'],
      page.items.map(({ type, latestVersion }) => [type, String(latestVersion)]),
    ),
  );
  if (page.nextCursor !== null) context.progress.warn('there are more: raise --limit');
}
