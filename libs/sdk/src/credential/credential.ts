import type { Credential } from '../options';
import { type AgentCredential, type AgentKey, readAgentKey } from './agent-key';

/** A credential, read and checked. */
export type KnownCredential = { readonly apiKey: string } | { readonly agent: AgentKey };

/** @throws TypeError for what is none; the message never holds a secret */
export function readCredential(credential: Credential): KnownCredential {
  // Not asked by its type alone: in JavaScript it may be anything, and a variable that is not set makes it undefined.
  const given = Object(credential) as { readonly apiKey?: unknown; readonly secretKey?: unknown };
  if (given.apiKey !== undefined && given.secretKey !== undefined)
    throw new TypeError('credential: give apiKey or secretKey, not both');
  if (given.secretKey !== undefined) return { agent: readAgentKey(credential as AgentCredential) };
  if ('apiKey' in given) return { apiKey: readApiKey(given.apiKey) };
  if ('secretKey' in given) return { agent: readAgentKey(credential as AgentCredential) };
  throw new TypeError('credential: give apiKey for a service, or secretKey for an agent');
}

function readApiKey(given: unknown): string {
  const key = typeof given === 'string' ? given.trim() : '';
  if (!/^[\x21-\x7e]{1,4096}$/.test(key))
    throw new TypeError('credential.apiKey: must be a string of visible ASCII');
  return key;
}
