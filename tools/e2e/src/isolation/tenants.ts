import { randomBytes, randomUUID } from 'node:crypto';
import { limits, type OperationRequest, scope } from '@concordat/contracts';
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
  /** Another API key, that has a limit. */
  readonly limited: string;
  readonly policy: string;
  readonly delegation: string;
  readonly message: string;
  readonly deliveryToken: string;
  /** A type of payloads. */
  readonly schema: string;
  readonly schedule: string;
  readonly topic: string;
  readonly group: string;
  /** A message that failed in the inbox of the partner. */
  readonly deadLetter: string;
  readonly correlation: string;
  readonly memory: string;
  readonly event: string;
  /** An execution. */
  readonly workflow: string;
  /** Names that are given in writing, and so not known to be secret once they were given here too. */
  readonly taken: {
    readonly agentType: string;
    readonly policy: string;
    readonly email: string;
    readonly memory: string;
    readonly topic: string;
    readonly schema: string;
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
  const { key } = await eventually(() =>
    system.admin().apiKeys.create({ name: 'admin', scopes: scope.options, tenant }),
  );
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
  // Not of the agent itself: a bridge empties the inbox.
  await admin.bridges.put({ did: managed.did }, { minPosition: admin.positions });
  const types = [`T_${word().toUpperCase()}`, `T_${word().toUpperCase()}`] as const;
  for (const type of types) await admin.agentTypes.define({ name: type, description: canary });
  const emails = [`${word()}@example.org`, `${word()}@example.org`] as const;
  const [user] = [
    await admin.users.create({ email: emails[0], name: canary, roles: ['user'], password }),
    await admin.users.create({ email: emails[1], name: canary, roles: ['user'] }),
  ];
  const stranger = new Concordat({ url });
  const login = () => stranger.sessions.login({ tenant: name, email: emails[0], password });
  const { sessionId } = await eventually(login);
  const apiKey = await eventually(() => admin.apiKeys.create({ name: canary, scopes: ['read'] }));
  const limited = await eventually(() => admin.apiKeys.create({ name: canary, scopes: ['read'] }));
  await admin.limits.put({ kind: 'apiKey', id: limited.id, requestsPerSecond: 10_000 });
  await admin.limits.put({ kind: 'agent', id: agent.did, requestsPerSecond: 10_000 });
  const policies = [`p-${word()}`, `p-${word()}`] as const;
  for (const id of policies) await admin.policies.put({ id, description: canary, rules: [idleRule(agent)] });

  const delegation = await asAgent.delegations.create({ to: other.did, scopes: ['read'] });
  const correlation = `c-${word()}`;
  const content = { type: 'EVENT' as const, payload: canary, correlationId: correlation };
  const minPosition = admin.positions;
  await asAgent.messages.send({ to: other.did, ...content }, { minPosition });
  const { items } = await asOther.inbox.fetch({ waitSeconds: 5 });
  const bus = await furnishBus({ admin, asAgent, asOther, to: other.did, canary });
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
    ...{
      session: sessionId,
      apiKey: apiKey.id,
      limited: limited.id,
      policy: policies[0],
      delegation: delegation.id,
    },
    ...{ message: items[0]!.id, deliveryToken: items[0]!.deliveryToken },
    ...{ correlation, memory: memories[0], event, workflow: await furnishGovernance(admin, canary) },
    ...bus.things,
    taken: {
      ...{ agentType: types[1], policy: policies[1], email: emails[1], memory: memories[1] },
      ...bus.taken,
    },
  };
  return { name, admin, adminKey, things, partner: other.did, canary, cursors: await cursorsOf(admin) };
}

/** Topic, group, schema and dead letter of a tenant. */
async function furnishBus({
  admin,
  asAgent,
  asOther,
  to,
  canary,
}: {
  readonly admin: Concordat;
  readonly asAgent: Concordat;
  readonly asOther: Concordat;
  readonly to: string;
  readonly canary: string;
}) {
  const content = { type: 'EVENT' as const, payload: canary };
  const deadLetter = await deadLetterOf(asAgent, asOther, { to, ...content });
  const schemas = [`s-${word()}`, `s-${word()}`] as const;
  for (const type of schemas) await admin.schemas.put({ type, version: 1, schema: { title: canary } });
  const [schedule] = [
    await asAgent.schedules.create({ message: { to, ...content }, name: canary, cron: '0 0 1 1 *' }),
    await admin.schedules.create({ message: { to, ...content }, name: canary, cron: '0 0 1 1 *' }),
  ];
  const topics = [`t-${word()}`, `t-${word()}`] as const;
  for (const topic of topics) await admin.topics.create({ name: topic, description: canary });
  const group = `g-${word()}`;
  await admin.subscriptions.put({ name: topics[0], group });
  await asAgent.messages.send({ to: `topic:${topics[0]}`, ...content });
  return {
    things: { topic: topics[0], group, deadLetter, schema: schemas[0], schedule: schedule.id },
    taken: { topic: topics[1], schema: schemas[1] },
  };
}

/** An execution, two records and two figures, all with texts of the tenant. */
async function furnishGovernance(admin: Concordat, canary: string): Promise<string> {
  const [workflow] = [
    await admin.workflows.start({ name: canary, parameters: { canary } }),
    await admin.workflows.start({ name: canary }),
  ];
  const aim = { actor: canary, inputConstraints: [canary], mission: canary };
  for (const workflowId of [workflow.id, workflow.id]) {
    await admin.governance.log({ mode: 'DRAFT', action: canary, aim, workflowId });
    await admin.governance.recordMetric({ name: canary, value: 1, workflowId });
  }
  return workflow.id;
}

/** A message that its recipient gives back until it fails. */
async function deadLetterOf(
  sender: Concordat,
  recipient: Concordat,
  message: OperationRequest<'message.send'>,
): Promise<string> {
  const { id } = await sender.messages.send(message);
  for (let attempt = 1; attempt <= limits.deliveryAttempts; attempt++) {
    const { items } = await recipient.inbox.fetch({ waitSeconds: 5 });
    for (const { deliveryToken } of items)
      await recipient.inbox.nack({ token: deliveryToken, delaySeconds: 0, reason: 'It is a test.' });
  }
  return id;
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
    'limit.list': await admin.limits.list({ limit }),
    'policy.list': await admin.policies.list({ limit }),
    'audit.events': await admin.audit.events({ limit }),
    'schema.list': await admin.schemas.list({ limit }),
    'schedule.list': await admin.schedules.list({ limit }),
    'topic.list': await admin.topics.list({ limit }),
    'stream.list': await admin.streams.list({ limit }),
    'governance.logs': await admin.governance.logs({ limit }),
    'governance.metrics': await admin.governance.metrics({ limit }),
    'workflow.list': await admin.workflows.list({ limit }),
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
    limited: vary(shape.limited),
    ...{ policy: `p-${word()}`, delegation: vary(shape.delegation), message, correlation: `c-${word()}` },
    deliveryToken: shape.deliveryToken.replace(shape.message, message),
    ...{
      schema: `s-${word()}`,
      schedule: vary(shape.schedule),
      topic: `t-${word()}`,
      group: `g-${word()}`,
      deadLetter: vary(shape.deadLetter),
    },
    ...{
      memory: `m-${word()}`,
      event: shape.event.includes(shape.agent.did) ? randomUUID() : vary(shape.event),
      workflow: vary(shape.workflow),
    },
    taken: {
      agentType: upper(shape.agentType),
      policy: `p-${word()}`,
      email: email(),
      memory: `m-${word()}`,
      ...{ topic: `t-${word()}`, schema: `s-${word()}` },
    },
  };
}
