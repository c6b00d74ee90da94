import { AgentErased, type EventEnvelope, sourceUri } from '@concordat/contracts';

/** The one source whose word destroys keys: chained and signed by iam-service, unlike its feed. */
const authority = sourceUri('iam');

/** Whether an event orders that its subject be forgotten. */
export const isErasure = ({ type, source }: Pick<EventEnvelope, 'type' | 'source'>): boolean =>
  type === AgentErased.type && source === authority;
