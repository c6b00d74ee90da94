import type { Problem } from '@concordat/contracts';
import type { HttpAnswer } from '../http';
import type { Input } from './naming';
import type { Tenant, Things } from './tenants';

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
]);

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      drawn.has(name) && typeof inner === 'string' ? '…' : plain(inner),
    ]),
  );
};

/** An answer as it must be whichever things were named: their identifiers are replaced by what they are. */
export function comparable({ status, headers, body }: HttpAnswer, named: Things): string {
  const kept = [...headers]
    .filter(([name]) => !passing.has(name))
    .map(([name, value]) => `${name}: ${value}`);
  const present = headers.has('concordat-position') ? 'with a position' : 'without a position';
  const isJson = headers.get('content-type')?.includes('json') ?? false;
  let text = [status, present, ...kept, isJson ? JSON.stringify(plain(body)) : String(body)].join('\n');
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
export function leaks({ headers, body }: HttpAnswer, tenant: Tenant, asked: Input): string[] {
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

/** Whether what was asked is what the caller may not ask, whatever it is about. */
export function deniedBy({ status, body }: HttpAnswer): string | null {
  if (status !== 401 && status !== 403) return null;
  const { code, detail } = body as Problem;
  if (code === 'POLICY_DENIED') return /^(No rule allows|The rule \S+ denies) /.test(detail) ? code : null;
  return ['SCOPE_MISSING', 'AGENT_REQUIRED', 'CREDENTIAL_MISSING', 'CREDENTIAL_INVALID'].includes(code)
    ? code
    : null;
}
