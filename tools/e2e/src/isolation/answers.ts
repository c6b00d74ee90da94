import type { Problem } from '@concordat/contracts';
import type { Input } from './naming';
import type { Tenant, Things } from './tenants';

/** An answer, whatever the door: what it says in its head, and what it says. */
export interface Answer {
  /** Of HTTP or of gRPC */
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** Every identifier among things, with what it is called. */
const identifiers = ({ agent, newcomer, taken, ...rest }: Things): [string, string][] => [
  ['agent', agent.did],
  ['agentKey', agent.publicKeyText],
  ['newcomer', newcomer.did],
  ['newcomerKey', newcomer.publicKeyText],
  ['managedId', rest.managed.split(':').at(-1)!],
  ...Object.entries(taken).map(([name, id]): [string, string] => [`taken ${name}`, id]),
  ...Object.entries(rest),
];

/** Of the connection and the moment, not of the question; a length follows from the text, which is compared. */
const passing = new Set([
  ...['date', 'connection', 'keep-alive', 'traceparent'],
  ...['content-length', 'concordat-position'],
]);

const timestamps = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
/** Fields that are drawn by lot for every answer. */
const drawn = new Set([
  'traceId',
  'challengeId',
  'challenge',
  'id',
  'key',
  'kid',
  'authKeyId',
  'value',
  'createdAt',
  'deliveryToken',
  'traceparent',
  'orderedBy',
]);

/** Figures of streams, and what becomes of an order: others, or known, in the next second. */
const measured = new Set([
  ...['oldestWaitSeconds', 'consumers', 'deliveredPerSecond'],
  ...['erasedAt', 'receipt'],
]);

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      (drawn.has(name) && typeof inner === 'string') || measured.has(name) ? '…' : plain(inner),
    ]),
  );
};

/** An answer as it must be whichever things were named: their identifiers are replaced by what they are. */
export function comparable({ status, headers, body }: Answer, named: Things): string {
  const kept = [...headers]
    .filter(([name]) => !passing.has(name))
    .map(([name, value]) => `${name}: ${value}`);
  const present = headers.has('concordat-position') ? 'with a position' : 'without a position';
  const content = typeof body === 'string' ? body : JSON.stringify(plain(body));
  let text = [status, present, ...kept, content].join('\n');
  for (const [name, id] of identifiers(named)) text = text.replaceAll(id, `<${name}>`);
  return text.replace(timestamps, '<time>');
}

/** The lines in which two comparable answers differ. */
export function differences(given: string, expected: string): string[] {
  const [one, other] = [given.split('\n'), expected.split('\n')];
  const length = Math.max(one.length, other.length);
  return Array.from({ length }, (_, at) => [one[at], other[at]] as const).flatMap(([is, should]) =>
    is === should ? [] : [`is ${String(is)}`, `as for nothing ${String(should)}`],
  );
}

/** What is of a tenant and stands in an answer to somebody who did not say it. */
export function leaks({ headers, body }: Answer, tenant: Tenant, asked: Input): string[] {
  const said = JSON.stringify(asked);
  const text = `${JSON.stringify([...headers])}\n${JSON.stringify(body)}`;
  const { taken: _, ...things } = tenant.things;
  const own = identifiers({ ...things, taken: {} as Things['taken'] }).filter(
    ([name]) => !name.startsWith('newcomer'),
  );
  return [['canary', tenant.canary] as [string, string], ...own]
    .filter(([, id]) => text.includes(id) && !said.includes(id))
    .map(([name]) => name);
}

/** 401 and 403, UNAUTHENTICATED and PERMISSION_DENIED */
const refusals: readonly number[] = [401, 403, 16, 7];

/** Whether what was asked is what the caller may not ask, whatever it is about. */
export function deniedBy({ status, body }: Answer): string | null {
  if (!refusals.includes(status)) return null;
  const { code, detail } = body as Problem;
  if (code === 'POLICY_DENIED') return /^(No rule allows|The rule \S+ denies) /.test(detail) ? code : null;
  return notAllowed.includes(code) ? code : null;
}

const notAllowed: readonly string[] = [
  ...['SCOPE_MISSING', 'AGENT_REQUIRED', 'CREDENTIAL_MISSING', 'CREDENTIAL_INVALID', 'DELEGATION_FORBIDDEN'],
];
