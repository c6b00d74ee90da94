import {
  actorOf,
  ConcordatError,
  type OperationInput,
  type OperationOutput,
  type Principal,
  SchemaRegistered,
} from '@concordat/contracts';
import { canonicalJson, sha256, toBase64url } from '@concordat/crypto';
import {
  activeTraceparent,
  type Clock,
  type OperationContext,
  type OperationHandlers,
} from '@concordat/runtime';
import { compileSchema, incompatibility } from '@concordat/schema';
import type { Feed } from '@concordat/streams';
import type { KeptSchema, SchemaRecord, SchemaStore } from './schema-store';

export interface SchemaPorts {
  readonly store: SchemaStore;
  readonly feed: Pick<Feed, 'append'>;
  readonly clock: Clock;
}

type Put = OperationInput<'schema.put'>;

/** The operations `schema.*`. */
export function schemaHandlers(ports: SchemaPorts) {
  const { store } = ports;
  return {
    'schema.put': async (input, context) => {
      const { tenant } = context.principal;
      const digest = digestOf(input);
      const record =
        (await registered(ports, tenant, input, digest)) ?? (await register(ports, tenant, input, digest));
      await announce(ports, input, digest, context);
      return { output: toOutput(input, record), position: null };
    },

    'schema.get': async ({ type, version }, { principal }) => {
      const kept = await store.get(principal.tenant, type, version);
      if (!kept) throw new ConcordatError('SCHEMA_UNKNOWN');
      return { output: toOutput({ type, version }, kept.record), position: null };
    },

    'schema.list': async ({ limit, cursor = '' }, { principal }) => {
      const types = [...(await store.types(principal.tenant))].filter(([type]) => type > cursor).sort(byType);
      const items = types.slice(0, limit).map(([type, latestVersion]) => ({ type, latestVersion }));
      const nextCursor = types.length > limit ? items.at(-1)!.type : null;
      return { output: { items, nextCursor }, position: null };
    },
  } satisfies OperationHandlers;
}

const byType = ([one]: [string, number], [other]: [string, number]): number => (one < other ? -1 : 1);

const toOutput = (
  { type, version }: Pick<Put, 'type' | 'version'>,
  record: SchemaRecord,
): OperationOutput<'schema.get'> => ({ type, version, ...record });

const digestOf = ({ encoding, schema, compatibility }: Put): string =>
  toBase64url(sha256(canonicalJson({ encoding, schema, compatibility })));

/** @returns the version as it was registered before; undefined when it is the next one */
async function registered(
  { store }: SchemaPorts,
  tenant: string,
  { type, version }: Put,
  digest: string,
): Promise<SchemaRecord | undefined> {
  const latest = await store.latest(tenant, type);
  if (version === latest + 1) return undefined;
  if (version > latest)
    throw new ConcordatError('SCHEMA_VERSION_SKIPPED', `The next version of this type is ${latest + 1}.`);
  const kept = await store.get(tenant, type, version);
  if (kept?.digest !== digest) throw new ConcordatError('SCHEMA_VERSION_TAKEN');
  return kept.record;
}

async function register(
  { store, clock }: SchemaPorts,
  tenant: string,
  input: Put,
  digest: string,
): Promise<SchemaRecord> {
  const { type, version, encoding, schema, compatibility } = input;
  compileSchema(input);
  const before = version > 1 ? await store.get(tenant, type, version - 1) : undefined;
  if (before && compatibility === 'backward') requireCompatible(before, input);
  const record = { encoding, schema, compatibility, registeredAt: clock.now().toISOString() };
  return store.put(tenant, type, version, { digest, record });
}

/** @throws ConcordatError SCHEMA_INCOMPATIBLE */
function requireCompatible({ record }: KeptSchema, input: Put): void {
  const found = incompatibility(record, input);
  if (!found) return;
  const pointer = found.pointer === '/encoding' ? found.pointer : `/schema${found.pointer}`;
  throw new ConcordatError('SCHEMA_INCOMPATIBLE', `Version ${input.version}: ${pointer} ${found.message}.`, {
    errors: [{ pointer, message: found.message }],
  });
}

/**
 * In the audit feed before it is answered. When the feed did not take it, the caller is told so, and the same request
 * again makes up for it: an event may then be there twice, but never not at all.
 */
async function announce(
  { store, feed }: SchemaPorts,
  { type, version, encoding, compatibility }: Put,
  digest: string,
  { principal, conversation }: Pick<OperationContext, 'conversation'> & { readonly principal: Principal },
): Promise<void> {
  const { tenant } = principal;
  if (await store.isAnnounced(tenant, type, version)) return;
  await feed.append({
    ...{ spec: SchemaRegistered, tenant, actor: actorOf(principal) },
    data: { type, version, encoding, compatibility, digest },
    ...{ correlation: conversation, traceparent: activeTraceparent() },
  });
  await store.markAnnounced(tenant, type, version);
}
