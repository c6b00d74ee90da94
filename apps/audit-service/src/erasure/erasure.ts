import {
  AgentErased,
  did,
  type EventEnvelope,
  type EventSpec,
  sourceUri,
  SubjectErased,
  UserErased,
} from '@concordat/contracts';

/**
 * Whose word destroys keys: sources that are chained and signed, unlike feeds. iam-service ends an agent or a user, and
 * the trail forgets it too; audit-service carries out what an administrator asked of the trail alone.
 */
const orders: readonly (readonly [EventSpec, source: string])[] = [
  [AgentErased, sourceUri('iam')],
  [UserErased, sourceUri('iam')],
  [SubjectErased, sourceUri('audit')],
];
const ordered = new Set(orders.map(([{ type }, source]) => `${source} ${type}`));

/** Whether an event orders that its subject be forgotten. */
export const isErasure = ({ type, source }: Pick<EventEnvelope, 'type' | 'source'>): boolean =>
  ordered.has(`${source} ${type}`);

/** Event types of such orders, for queries. */
export const erasureTypes: readonly string[] = orders.map(([{ type }]) => type);

/** Under which names a subject appears in events: an agent also as an actor. */
export const namesOf = (subject: string): readonly string[] =>
  did.safeParse(subject).success ? [subject, `agent:${subject}`] : [subject];

/** Whose name an event is sealed under: of what one did with the right of another, both (`sealedNames`). */
export const partiesOf = (subject: string): readonly string[] => subject.split(';for=');
