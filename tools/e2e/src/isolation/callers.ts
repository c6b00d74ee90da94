import { type Scope, userRoles } from '@concordat/contracts';
import { newAgent, type TestAgent } from '@concordat/testing';
import { request } from '../http';
import { password, type Tenant } from './tenants';

/** Somebody who asks, named as in the decision table of the policies. */
export interface Caller {
  readonly title: string;
  readonly kind: 'anonymous' | 'user' | 'agent' | 'apiKey';
  readonly id: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** A new agent of the tenant, logged in. */
export async function agentCaller(url: string, tenant: Tenant): Promise<Caller> {
  const agent = newAgent();
  const { publicKeyText: publicKey } = agent;
  await tenant.admin.agents.register({ name: 'caller', type: 'SERVICE', publicKey });
  return loggedIn(url, tenant, agent);
}

export async function loggedIn(url: string, { name: tenant }: Tenant, agent: TestAgent): Promise<Caller> {
  const { did } = agent;
  const post = async (path: string, body: unknown) =>
    (await request(`${url}/v1/auth/${path}`, { method: 'POST', body })).body as Record<string, string>;
  const { challengeId, challenge } = await post('challenge', { did, tenant });
  const { accessToken } = await post('token', { challengeId, signature: agent.sign(challenge!) });
  return { title: 'agent', kind: 'agent', id: did, headers: { authorization: `Bearer ${accessToken!}` } };
}

async function userCaller(
  url: string,
  { admin, name }: Tenant,
  role: (typeof userRoles)[number],
): Promise<Caller> {
  const email = `${role}@example.org`;
  const { id } = await admin.users.create({ email, name: role, roles: [role], password });
  const body = { tenant: name, email, password };
  const answer = await request(`${url}/v1/auth/login`, { method: 'POST', body });
  const { accessToken } = answer.body as { accessToken: string };
  return { title: role, kind: 'user', id, headers: { authorization: `Bearer ${accessToken}` } };
}

async function keyCaller({ admin }: Tenant, scope: Scope): Promise<Caller> {
  const { id, key } = await admin.apiKeys.create({ name: 'caller', scopes: [scope] });
  return { title: `key: ${scope}`, kind: 'apiKey', id, headers: { authorization: `ApiKey ${key}` } };
}

/** One of every kind, of every role and of every scope. */
export async function callersOf(url: string, tenant: Tenant): Promise<Caller[]> {
  const anonymous: Caller = { title: 'anonymous', kind: 'anonymous', id: null, headers: {} };
  const people: Caller[] = [];
  for (const role of userRoles) people.push(await userCaller(url, tenant, role));
  const keys: Caller[] = [];
  for (const scope of ['read', 'write', 'admin'] as const) keys.push(await keyCaller(tenant, scope));
  return [anonymous, ...people, await agentCaller(url, tenant), ...keys];
}
