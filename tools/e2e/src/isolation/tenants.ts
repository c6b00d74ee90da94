import { randomBytes, randomUUID } from 'node:crypto';
import { scope } from '@concordat/contracts';
import { Concordat } from '@concordat/sdk';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import type { System } from '../system';

export const password = 'a heron over the lake';

/** One thing of every kind that an operation can name. */
export interface Things {
  /** An agent whose key the test has, of the kind did:key. */
  readonly agent: TestAgent;
  /** Another one, that no operation but registration names: where it succeeds, names would be taken. */
  readonly newcomer: TestAgent;
  /** did:web */
  readonly managed: string;
  readonly agentType: string;
  readonly user: string;
  readonly email: string;
  readonly session: string;
  readonly apiKey: string;
  readonly policy: string;
  readonly delegation: string;
  readonly message: string;
  readonly deliveryToken: string;
  readonly correlation: string;
  readonly memory: string;
  readonly event: string;
  /** Names that are given in writing, and so not known to be secret once they were given here too. */
  readonly taken: {
    readonly agentType: string;
    readonly policy: string;
    readonly email: string;
    readonly memory: string;
  };
}

export interface Tenant {
  readonly name: string;
  readonly admin: Concordat;
  readonly adminKey: string;
  readonly things: Things;
  /** The agent to which the first one has sent, delegated and consented. */
  readonly partner: string;
  /** Stands in every text of the tenant that is not an identifier. */
  readonly canary: string;
  /** Where lists of the tenant go on, by operation. */
  readonly cursors: ReadonlyMap<string, string>;
}

const word = (): string => randomBytes(6).toString('hex');

/** The admin key of another tenant than the first. */
export async function foundTenant(system: System, tenant: string): Promise<string> {
  const { key } = await system.admin().apiKeys.create({ name: 'admin', scopes: scope.options, tenant });
  return key;
}

/** Puts one thing of every kind into a tenant. */
export async function furnish(system: System, name: string, adminKey: string): Promise<Tenant> {
  const url = system.url(0);
  const admin = new Concordat({ url, credential: { apiKey: adminKey } });
  await eventually(() => admin.whoami());
  const canary = `canary-${word()}`;
  const agents = [newAgent(), newAgent(), newAgent()] as const;
  const [agent, other, newcomer] = agents;
  for (const { publicKeyText: publicKey } of agents)
    await admin.agents.register({ name: canary, type: 'SERVICE', publicKey, metadata: { canary } });
  const client = ({ secretKey, did }: TestAgent) =>
    new Concordat({ url, credential: { secretKey, did, tenant: name } });
  const [asAgent, asOther] = [client(agent), client(other)];

  const web = { name: canary, type: 'SERVICE', didMethod: 'web' as const };
  const managed = await admin.agents.register({ ...web, publicKey: newAgent().publicKeyText });
  const types = [`T_${word().toUpperCase()}`, `T_${word().toUpperCase()}`] as const;
  for (const type of types) await admin.agentTypes.define({ name: type, description: canary });
  const emails = [`${word()}@example.org`, `${word()}@example.org`] as const;
  const [user] = [
    await admin.users.create({ email: emails[0], name: canary, roles: ['user'], password }),
    await admin.users.create({ email: emails[1], name: canary, roles: ['user'] }),
  ];
  const stranger = new Concordat({ url });
  const { sessionId } = await stranger.sessions.login({ tenant: name, email: emails[0], password });
  const apiKey = await admin.apiKeys.create({ name: canary, scopes: ['read'] });
  const policies = [`p-${word()}`, `p-${word()}`] as const;
  for (const id of policies) await admin.policies.put({ id, description: canary, rules: [idleRule(agent)] });

  const delegation = await asAgent.delegations.create({ to: other.did, scopes: ['read'] });
  const correlation = `c-${word()}`;
  const content = { type: 'EVENT' as const, payload: canary, correlationId: correlation };
  const minPosition = admin.positions;
  await asAgent.messages.send({ to: other.did, ...content }, { minPosition });
  const { items } = await asOther.inbox.fetch({ waitSeconds: 5 });
  const memories = [`m-${word()}`, `m-${word()}`] as const;
  await asAgent.vault().put({ key: memories[0], content: canary });
  for (const key of memories) await asAgent.vault('communal').put({ key, content: canary });
  await asAgent.vault().grant({ grantee: other.did, scopes: ['read'] });
  const event = await eventually(async () => {
    const { items: events } = await admin.audit.events({ subject: agent.did });
    await admin.audit.inclusion({ eventId: events[0]!.id });
    return events[0]!.id;
  });

  const things: Things = {
    ...{ agent, newcomer, managed: managed.did, agentType: types[0], user: user.id, email: emails[0] },
    ...{ session: sessionId, apiKey: apiKey.id, policy: policies[0], delegation: delegation.id },
    ...{
      message: items[0]!.id,
      deliveryToken: items[0]!.deliveryToken,
      correlation,
      memory: memories[0],
      event,
    },
    taken: { agentType: types[1], policy: policies[1], email: emails[1], memory: memories[1] },
  };
  return { name, admin, adminKey, things, partner: other.did, canary, cursors: await cursorsOf(admin) };
}

const idleRule = ({ did }: TestAgent) => ({
  ...{ id: 'idle', effect: 'deny' as const, actions: ['agent.erase'] },
  subjects: { ids: [`agent:${did}`] },
});

async function cursorsOf(admin: Concordat): Promise<Map<string, string>> {
  const limit = 1;
  const pages = {
    'agent.list': await admin.agents.list({ limit }),
    'apiKey.list': await admin.apiKeys.list({ limit }),
    'user.list': await admin.users.list({ limit }),
    'policy.list': await admin.policies.list({ limit }),
    'audit.events': await admin.audit.events({ limit }),
  };
  return new Map(
    Object.entries(pages).flatMap(([name, { nextCursor }]) =>
      nextCursor === null ? [] : [[name, nextCursor]],
    ),
  );
}

/** Another of the same shape: an id whose last digits are others. */
const vary = (id: string): string => {
  const digits = randomBytes(6).toString('hex');
  return `${id.slice(0, -12)}${digits}`;
};

/** Things that are in no tenant, shaped like those that are in one. */
export function absent(shape: Things): Things {
  const message = vary(shape.message);
  const upper = (name: string): string => `T_${vary(name).slice(2).toUpperCase()}`;
  const email = (): string => `${word()}@example.org`;
  return {
    ...{
      agent: newAgent(),
      newcomer: newAgent(),
      managed: vary(shape.managed),
      agentType: upper(shape.agentType),
    },
    ...{ user: vary(shape.user), email: email(), session: vary(shape.session), apiKey: vary(shape.apiKey) },
    ...{ policy: `p-${word()}`, delegation: vary(shape.delegation), message, correlation: `c-${word()}` },
    deliveryToken: shape.deliveryToken.replace(shape.message, message),
    ...{
      memory: `m-${word()}`,
      event: shape.event.includes(shape.agent.did) ? randomUUID() : vary(shape.event),
    },
    taken: {
      agentType: upper(shape.agentType),
      policy: `p-${word()}`,
      email: email(),
      memory: `m-${word()}`,
    },
  };
}
