import { z } from 'zod';
import { publicKeys } from '../keys';
import { agentType, did, jsonObject } from '../names';
import { type EventOf, event } from './event';

const keyPath = ({ did }: { did: string }): [string] => [`agent/${did}`];
const subject = ({ did }: { did: string }): string => did;

export const AgentUpdated = event({
  type: 'concordat.iam.agent.updated.v1',
  summary: 'An agent got another name or other metadata; both are here as they are now.',
  data: z.strictObject({
    did,
    /** null after erasure, like `metadata` */
    name: z.string().nullable(),
    metadata: jsonObject.nullable(),
  }),
  sealed: { fields: ['name', 'metadata'], keyPath },
  subject,
});

export const AgentReassigned = event({
  type: 'concordat.iam.agent.reassigned.v1',
  summary: 'An agent got another type, controller or relationship to it; all are here as they are now.',
  data: z.strictObject({
    did,
    agentType,
    controllerDid: did.nullable(),
    relationshipType: z.string(),
  }),
  // Who was the controller has lost what a controller may.
  control: true,
  subject,
});

export const AgentSuspended = event({
  type: 'concordat.iam.agent.suspended.v1',
  summary: 'An agent was suspended: refused everywhere until it is resumed.',
  data: z.strictObject({ did, reason: z.string() }),
  control: true,
  subject,
});

export const AgentResumed = event({
  type: 'concordat.iam.agent.resumed.v1',
  summary: 'A suspended agent was resumed.',
  data: z.strictObject({ did }),
  subject,
});

export const AgentKeyRotated = event({
  type: 'concordat.iam.agent-key.rotated.v1',
  summary: 'The keys of an agent were replaced by these; what the old ones sign from now on does not count.',
  data: z.strictObject({ did, publicKeys }),
  control: true,
  subject,
});

export const AgentVerificationGranted = event({
  type: 'concordat.iam.agent-verification.granted.v1',
  summary: 'An administrator vouched for an agent.',
  data: z.strictObject({
    did,
    /** What was checked, and how; null after erasure. */
    statement: z.string().nullable(),
    /** The actor, as the identity shows it. */
    by: z.string(),
  }),
  sealed: { fields: ['statement'], keyPath },
  subject,
});

export const AgentVerificationWithdrawn = event({
  type: 'concordat.iam.agent-verification.withdrawn.v1',
  summary: 'Nobody vouches for an agent any more: withdrawn, or what was vouched for has changed.',
  data: z.strictObject({
    did,
    reason: z.enum(['withdrawn', 'changed']),
    /** Why, in the words of who withdrew it; null when it had changed, and after erasure. */
    statement: z.string().nullable(),
  }),
  sealed: { fields: ['statement'], keyPath },
  control: true,
  subject,
});

export const AgentTypeDefined = event({
  type: 'concordat.iam.agent-type.defined.v1',
  summary: 'An operator defined a type of agents for the tenant, or described it anew.',
  data: z.strictObject({ name: agentType, description: z.string() }),
  subject: ({ name }) => `agentType:${name}`,
});

export const AgentTypeRemoved = event({
  type: 'concordat.iam.agent-type.removed.v1',
  summary: 'An operator removed a type of agents that no agent was of.',
  data: z.strictObject({ name: agentType }),
  subject: ({ name }) => `agentType:${name}`,
});

/** What happens to an agent between its registration and its end. */
export type AgentLifeEvent =
  | EventOf<typeof AgentUpdated>
  | EventOf<typeof AgentReassigned>
  | EventOf<typeof AgentSuspended>
  | EventOf<typeof AgentResumed>
  | EventOf<typeof AgentKeyRotated>
  | EventOf<typeof AgentVerificationGranted>
  | EventOf<typeof AgentVerificationWithdrawn>;
export type AgentTypeEvent = EventOf<typeof AgentTypeDefined> | EventOf<typeof AgentTypeRemoved>;
