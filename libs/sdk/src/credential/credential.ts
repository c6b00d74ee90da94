import type { Credential } from '../options';
import { type AgentCredential, type AgentKey, readAgentKey } from './agent-key';
import type { UserCredential } from './user-session';

/** A credential, read and checked. */
export type KnownCredential =
  | { readonly apiKey: string }
  | { readonly accessToken: string }
  | { readonly agent: AgentKey }
  | { readonly user: UserCredential };

/** @throws TypeError for what is none; the message never holds a secret */
export function readCredential(credential: Credential): KnownCredential {
  // Not asked by its type alone: in JavaScript it may be anything, and a variable that is not set makes it undefined.
  const given = Object(credential) as {
    readonly apiKey?: unknown;
    readonly accessToken?: unknown;
    readonly secretKey?: unknown;
    readonly password?: unknown;
  };
  const { apiKey, accessToken, secretKey, password } = given;
  const kinds = [apiKey, accessToken, secretKey, password].filter((value) => value !== undefined);
  if (kinds.length > 1)
    throw new TypeError('credential: give one of apiKey, accessToken, secretKey and password, not both');
  if (password !== undefined) return { user: readUser(credential as UserCredential) };
  if (secretKey !== undefined) return { agent: readAgentKey(credential as AgentCredential) };
  if (accessToken !== undefined) return { accessToken: readText('accessToken', accessToken) };
  if ('apiKey' in given) return { apiKey: readText('apiKey', apiKey) };
  if ('secretKey' in given) return { agent: readAgentKey(credential as AgentCredential) };
  throw new TypeError(
    'credential: give apiKey for a service, or secretKey for an agent, or email and password for a user',
  );
}

function readText(name: string, given: unknown): string {
  const text = typeof given === 'string' ? given.trim() : '';
  if (!/^[\x21-\x7e]{1,4096}$/.test(text))
    throw new TypeError(`credential.${name}: must be a string of visible ASCII`);
  return text;
}

function readUser({ email, password, tenant }: UserCredential): UserCredential {
  const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';
  if (!isText(email) || !isText(password))
    throw new TypeError('credential: email and password must be strings that are not empty');
  if (tenant !== undefined && !isText(tenant)) throw new TypeError('credential.tenant: must be a string');
  return { email, password, ...(tenant !== undefined && { tenant }) };
}
