import { type ConsentTerms, isInForce } from '../consent/consent.access';

export type MemoryOperation = 'memory.get' | 'memory.put' | 'memory.delete';

/** The scope that a consent must name. */
const neededScope = {
  'memory.get': 'read',
  'memory.put': 'write',
  'memory.delete': 'write',
} as const satisfies Record<MemoryOperation, ConsentTerms['scopes'][number]>;

export interface AccessRequest {
  /** DID of the agent that asks; of the same tenant as everything else here. */
  readonly agent: string;
  readonly persona: string;
  readonly operation: MemoryOperation;
  /** The consent of the persona for this agent, not withdrawn. */
  readonly consent: ConsentTerms | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: number;
}

/**
 * Whose memories an agent may reach: its own, the communal ones, and those of a persona that consents. Decided before
 * anything is looked up, so that a refusal is the same whether the memory exists or not.
 */
export function mayReach({ agent, persona, operation, consent, nowMs }: AccessRequest): boolean {
  if (persona === agent || persona === 'communal') return true;
  return (
    consent !== undefined && isInForce(consent, nowMs) && consent.scopes.includes(neededScope[operation])
  );
}

/**
 * Who may delete a memory within reach. Everyone may write a communal memory anew, but only the agent that created it
 * may delete it: deleting forgets all versions, those of others included.
 */
export const mayDelete = (agent: string, persona: string, creator: string): boolean =>
  persona !== 'communal' || agent === creator;
