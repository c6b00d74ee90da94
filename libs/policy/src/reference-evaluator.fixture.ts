import type { Policy, PolicyConditions, PolicyRequest, PolicyRule } from '@concordat/contracts';

type Truth = boolean | 'unknown';

const conjunction = (truths: Truth[]): Truth =>
  truths.includes(false) ? false : truths.includes('unknown') ? 'unknown' : true;

/**
 * The meaning of policies, written down once more, slowly and without any index, bits or shortcuts: what the compiled
 * set is compared with.
 * @param actions the operations that there are
 */
export function referenceDecision(
  policies: readonly Policy[],
  actions: readonly string[],
  request: PolicyRequest,
): { allow: boolean; rule: string | null } {
  const denied = { allow: false, rule: null };
  if (request.subject.tenant !== request.resource.tenant || !actions.includes(request.action)) return denied;
  const named = policies.flatMap(({ id, rules }) =>
    rules.map((rule) => ({ rule, name: `${id}/${rule.id}` })),
  );
  const deny = named.find(({ rule }) => rule.effect === 'deny' && holds(rule, request) !== false);
  if (deny) return { allow: false, rule: deny.name };
  const allow = named.find(({ rule }) => rule.effect === 'allow' && holds(rule, request) === true);
  return allow ? { allow: true, rule: allow.name } : denied;
}

function holds(rule: PolicyRule, request: PolicyRequest): Truth {
  const { subject, resource } = request;
  const { kinds, roles, scopes, ids, types, verified } = rule.subjects ?? {};
  const [noun] = request.action.split('.');
  const effectiveKinds = kinds ?? (rule.effect === 'allow' ? ['agent', 'user', 'apiKey'] : [subject.kind]);
  const held: readonly string[] = {
    agent: ['agent'],
    apiKey: ['service'],
    user: subject.roles,
    anonymous: [],
    service: [],
  }[subject.kind];
  const scopesHeld: readonly string[] = subject.scopes.includes('admin')
    ? [...subject.scopes, 'read', 'write']
    : subject.scopes;
  const factOfAgent = <T>(fact: T | null, test: (fact: T) => boolean): Truth =>
    subject.kind !== 'agent' ? false : fact === null ? 'unknown' : test(fact);
  return conjunction([
    rule.actions.includes('*') || rule.actions.includes(request.action) || rule.actions.includes(`${noun}.*`),
    effectiveKinds.includes(subject.kind),
    !roles || roles.some((role) => held.includes(role)),
    !scopes || scopes.some((scope) => scopesHeld.includes(scope)),
    !ids || ids.includes(`${subject.kind}:${subject.id}`),
    !types || factOfAgent(subject.type, (type) => types.includes(type)),
    verified === undefined || factOfAgent(subject.verified, (fact) => fact === verified),
    !rule.resources?.types || rule.resources.types.includes(resource.type),
    !rule.resources?.ids || (resource.id !== null && rule.resources.ids.includes(resource.id)),
    !rule.relationship || rule.relationship.some((name) => relates(name, request)),
    conditionsHold(rule.conditions ?? {}, request),
    !rule.unless || negation(conditionsHold(rule.unless, request)),
  ]);
}

const negation = (truth: Truth): Truth => (truth === 'unknown' ? truth : !truth);

function relates(name: string, { subject, resource }: PolicyRequest): boolean {
  const actor = `${subject.kind}:${subject.id}`;
  const delegators: readonly string[] = subject.delegators;
  if (name === 'self') return `${resource.type}:${resource.id}` === actor;
  if (name === 'owner') return resource.owner === actor;
  if (name === 'controller') return subject.kind === 'agent' && resource.controllers.includes(subject.id);
  return delegators.some(
    (did) => resource.owner === `agent:${did}` || `${resource.type}:${resource.id}` === `agent:${did}`,
  );
}

function conditionsHold(conditions: PolicyConditions, { subject, context }: PolicyRequest): Truth {
  const { tenants, time, notBefore, notAfter, networks } = conditions;
  const moment = new Date(context.time);
  return conjunction([
    !tenants || tenants.includes(subject.tenant),
    !time || inWindow(time, moment),
    notBefore === undefined || moment >= new Date(notBefore),
    notAfter === undefined || moment < new Date(notAfter),
    !networks ||
      (context.ip === null ? 'unknown' : networks.some((network) => inNetwork(network, context.ip!))),
  ]);
}

function inWindow(
  { days, from = '00:00', to = '24:00' }: NonNullable<PolicyConditions['time']>,
  moment: Date,
): boolean {
  const clock = moment.toISOString().slice(11, 16);
  const named = (date: Date) =>
    date.toLocaleDateString('en', { weekday: 'short', timeZone: 'UTC' }).toLowerCase();
  const isDay = (date: Date) => !days || (days as string[]).includes(named(date));
  const dayBefore = new Date(moment.getTime() - 86_400_000);
  if (from < to) return isDay(moment) && clock >= from && clock < to;
  return (clock >= from && isDay(moment)) || (clock < to && isDay(dayBefore));
}

/** Of IPv4, by arithmetic; that is all that the generated requests have. */
function inNetwork(network: string, ip: string): boolean {
  const [address = '', prefix] = network.split('/');
  const number = (text: string) => text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
  const size = 2 ** (32 - Number(prefix));
  return Math.floor(number(address) / size) === Math.floor(number(ip) / size);
}
