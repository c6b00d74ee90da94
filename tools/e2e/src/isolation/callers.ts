import { randomUUID } from 'node:crypto';
import {
  agentScopes,
  delegationTokenType,
  type Role,
  roleScopes,
  type Scope,
  userRoles,
} from '@concordat/contracts';
import { ed25519Sign, sha256, toBase64url, utf8 } from '@concordat/crypto';
import { Concordat } from '@concordat/sdk';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import { request } from '../http';
import { password, type Tenant } from './tenants';

/** Somebody who asks, named as in the decision table of the policies. */
export interface Caller {
  readonly title: string;
  readonly kind: 'anonymous' | 'user' | 'agent' | 'apiKey';
  readonly id: string | null;
  readonly headers: Readonly<Record<string, string>>;
  /** What else a request needs, when the credential is bound to a key (RFC 9449). */
  readonly prove?: (method: string, url: string) => Readonly<Record<string, string>>;
}

/** What can be handed on, and is: the right of the delegate. */
const delegatedScopes: readonly Scope[] = ['read', 'write'];

export function scopesOfCaller({ kind, title }: Caller): readonly Scope[] {
  if (kind === 'user') return roleScopes[title as Role];
  if (kind === 'apiKey') return [title.slice('key: '.length) as Scope];
  if (kind === 'agent') return title === 'delegate' ? delegatedScopes : agentScopes;
  return [];
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
  // Logins are refused while too many wait for a processor: "not now".
  const accessToken = await eventually(async () => {
    const answer = await request(`${url}/v1/auth/login`, { method: 'POST', body });
    if (answer.status !== 200) throw new Error(`${role}: ${JSON.stringify(answer.body)}`);
    return (answer.body as { accessToken: string }).accessToken;
  });
  return { title: role, kind: 'user', id, headers: { authorization: `Bearer ${accessToken}` } };
}

async function keyCaller({ admin }: Tenant, scope: Scope): Promise<Caller> {
  const { id, key } = await eventually(() => admin.apiKeys.create({ name: 'caller', scopes: [scope] }));
  return { title: `key: ${scope}`, kind: 'apiKey', id, headers: { authorization: `ApiKey ${key}` } };
}

/** Makes the proofs of a key that go with a token, each good for one request. */
function proverOf({ publicKey, secretKey }: TestAgent, token: string): NonNullable<Caller['prove']> {
  const encode = (part: unknown): string => toBase64url(utf8(JSON.stringify(part)));
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: toBase64url(publicKey) };
  const ath = toBase64url(sha256(token));
  return (method, url) => {
    const [htu, iat] = [url.replace(/\?.*/s, ''), Math.floor(Date.now() / 1_000)];
    const body = { jti: randomUUID(), htm: method, htu, iat, ath };
    const text = `${encode({ typ: 'dpop+jwt', alg: 'EdDSA', jwk })}.${encode(body)}`;
    return { dpop: `${text}.${toBase64url(ed25519Sign(utf8(text), secretKey))}` };
  };
}

/** Acts with the right of another agent, which came through two hands (RFC 8693: `act` in `act`). */
async function delegateCaller(url: string, tenant: Tenant): Promise<Caller> {
  const [owner, between, last] = [newAgent(), newAgent(), newAgent()];
  for (const { publicKeyText: publicKey } of [owner, between, last])
    await tenant.admin.agents.register({ name: 'caller', type: 'SERVICE', publicKey });
  let delegation: string | undefined;
  for (const [from, to, expiresInSeconds] of [
    [owner, between, 3_600],
    [between, last, 1_800],
  ] as const) {
    const credential = { secretKey: from.secretKey, did: from.did, tenant: tenant.name };
    const client = new Concordat({ url, credential: { ...credential, ...(delegation && { delegation }) } });
    ({ id: delegation } = await client.delegations.create({
      to: to.did,
      scopes: [...delegatedScopes],
      expiresInSeconds,
    }));
  }
  const { headers } = await loggedIn(url, tenant, last);
  const body = {
    grantType: 'urn:ietf:params:oauth:grant-type:token-exchange',
    ...{ subjectToken: delegation, subjectTokenType: delegationTokenType },
  };
  const answer = await request(`${url}/v1/auth/exchange`, { method: 'POST', headers: { ...headers }, body });
  const { accessToken } = answer.body as { accessToken: string };
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1]!, 'base64url').toString()) as object;
  expect(claims).toMatchObject({ sub: owner.did, act: { sub: last.did, act: { sub: between.did } } });
  return {
    ...{ title: 'delegate', kind: 'agent', id: owner.did, headers: { authorization: `DPoP ${accessToken}` } },
    prove: proverOf(last, accessToken),
  };
}

/** One of every kind, of every role and of every scope, and one with the right of another. */
export async function callersOf(url: string, tenant: Tenant): Promise<Caller[]> {
  const anonymous: Caller = { title: 'anonymous', kind: 'anonymous', id: null, headers: {} };
  const people: Caller[] = [];
  for (const role of userRoles) people.push(await userCaller(url, tenant, role));
  const keys: Caller[] = [];
  for (const scope of ['read', 'write', 'admin'] as const) keys.push(await keyCaller(tenant, scope));
  const agents = [await agentCaller(url, tenant), await delegateCaller(url, tenant)];
  return [anonymous, ...people, ...agents, ...keys];
}
