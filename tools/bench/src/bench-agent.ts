import { type KeyObject, sign } from 'node:crypto';
import { generateEd25519, privateKeyObject, toBase64url, toDidKey, toMultibaseKey } from '@concordat/crypto';
import { HttpClient } from './http-client';
import type { System } from './system';

export interface BenchAgent {
  readonly did: string;
  readonly key: KeyObject;
}

/** An agent that has logged in. */
export interface LoggedIn {
  readonly did: string;
  /** value of the `Authorization` header, good for some minutes */
  readonly credential: string;
}

/** Nothing of this is measured, so nothing is hurried. */
const atOnce = 8;

export async function registerAgents(system: System, name: string, count: number): Promise<BenchAgent[]> {
  const client = new HttpClient(system.url, system.adminCredential, atOnce);
  const agents = await Promise.all(
    Array.from({ length: count }, async (_, index): Promise<BenchAgent> => {
      const { publicKey, secretKey } = generateEd25519();
      const facts = { name: `${name} ${index}`, type: 'SERVICE', publicKey: toMultibaseKey(publicKey) };
      await client.call('POST', '/v1/agents', facts);
      return { did: toDidKey(publicKey), key: privateKeyObject(secretKey) };
    }),
  );
  client.close();
  return agents;
}

/** Challenge, signature, token. @returns the access token */
export async function logIn(client: HttpClient, { did, key }: BenchAgent): Promise<string> {
  const { challengeId, challenge } = await client.call('POST', '/v1/auth/challenge', { did });
  const signature = toBase64url(sign(null, Buffer.from(challenge as string), key));
  const { accessToken } = await client.call('POST', '/v1/auth/token', { challengeId, signature });
  if (typeof accessToken !== 'string') throw new Error('no token came');
  return accessToken;
}

/** New agents with tokens. */
export async function loggedInAgents(system: System, name: string, count: number): Promise<LoggedIn[]> {
  const agents = await registerAgents(system, name, count);
  const client = new HttpClient(system.url, undefined, atOnce);
  const loggedIn = await Promise.all(
    agents.map(async (agent) => ({ did: agent.did, credential: `Bearer ${await logIn(client, agent)}` })),
  );
  client.close();
  return loggedIn;
}
