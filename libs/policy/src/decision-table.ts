import {
  agentScopes,
  defaultTenant,
  operationList,
  type PolicyRequest,
  type Relationship,
  relationships,
  userRoles,
} from '@concordat/contracts';
import type { PolicySet } from './policy-set';

/** Who asks, as a column of the table. */
export interface Probe {
  readonly title: string;
  readonly subject: Pick<PolicyRequest['subject'], 'kind' | 'roles' | 'scopes'>;
}

/** One for every role of people, agents with the scopes of a login, keys with one scope each. */
export const probes: readonly Probe[] = Object.freeze([
  { title: 'anonymous', subject: { kind: 'anonymous', roles: [], scopes: [] } },
  ...userRoles.map((role): Probe => ({ title: role, subject: { kind: 'user', roles: [role], scopes: [] } })),
  { title: 'agent', subject: { kind: 'agent', roles: [], scopes: [...agentScopes] } },
  ...(['read', 'write', 'admin'] as const).map((scope): Probe => ({
    title: `key: ${scope}`,
    subject: { kind: 'apiKey', roles: [], scopes: [scope] },
  })),
]);

/** `true`: without more; a list: to what it stands to in one of these ways; empty: not at all. */
export type Reach = true | readonly Relationship[];

export interface DecisionRow {
  readonly action: string;
  /** In the order of `probes`. */
  readonly reach: readonly Reach[];
}

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const otherDid = 'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf';

/**
 * What every role may do with every operation, asked of the rules themselves.
 * @param tenant of subject and resource
 * @param time RFC 3339, for rules that look at it; no address is known
 */
export const decisionTable = (
  set: PolicySet,
  { tenant = defaultTenant, time = '2026-01-01T12:00:00Z', actions = operationNames } = {},
): DecisionRow[] =>
  actions.map((action) => ({
    action,
    reach: probes.map(({ subject }) => {
      const stranger = requestOf(action, subject, tenant, time);
      if (set.decide(stranger).allow) return true;
      return relationships.filter((name) => set.decide(related[name](stranger)).allow);
    }),
  }));

/** A cell of the table in words. */
export const reachText = (reach: Reach): string =>
  reach === true ? 'yes' : reach.length === 0 ? '–' : reach.join(', ');

const operationNames: readonly string[] = operationList.map(({ name }) => name);

const requestOf = (
  action: string,
  subject: Probe['subject'],
  tenant: string,
  time: string,
): PolicyRequest => ({
  subject: { ...subject, id: did, tenant, type: null, verified: null, delegators: [] },
  action,
  resource: {
    ...{ type: action.slice(0, action.indexOf('.')), id: otherDid, tenant },
    ...{ owner: null, controllers: [] },
  },
  context: { time, ip: null },
});

/** The same request, of a subject that stands to the resource in this way. */
const related: Readonly<Record<Relationship, (request: PolicyRequest) => PolicyRequest>> = {
  self: (request) => ({
    ...request,
    resource: { ...request.resource, type: request.subject.kind, id: request.subject.id },
  }),
  owner: (request) => ({
    ...request,
    resource: { ...request.resource, owner: `${request.subject.kind}:${request.subject.id}` },
  }),
  controller: (request) => ({
    ...request,
    resource: { ...request.resource, controllers: [request.subject.id] },
  }),
  delegate: (request) => ({
    ...request,
    subject: { ...request.subject, delegators: [otherDid] },
    resource: { ...request.resource, owner: `agent:${otherDid}` },
  }),
};
