import type { PolicyRequest, Relationship } from '@concordat/contracts';

/**
 * How the subject stands to the resource. Names of different kinds are never compared: an API key whose id is
 * that of a user is not that user.
 */
export const standsAs: Readonly<Record<Relationship, (request: PolicyRequest) => boolean>> = Object.freeze({
  /** The resource is the subject. */
  self: ({ subject, resource }) => resource.type === subject.kind && resource.id === subject.id,
  /** The resource is its: `owner` names it as events do, `<kind>:<id>`. */
  owner: ({ subject, resource }) => isActor(resource.owner, subject.kind, subject.id),
  /** The subject is an agent in the chain of controllers above the resource. */
  controller: ({ subject, resource }) =>
    subject.kind === 'agent' && resource.controllers.includes(subject.id),
  /** The subject acts for the agent that the resource is, or whose it is. */
  delegate: ({ subject, resource }) =>
    subject.delegators.some(
      (did) => (resource.type === 'agent' && resource.id === did) || isActor(resource.owner, 'agent', did),
    ),
});

/** `actor === `${kind}:${id}``, without making that string in every decision. */
const isActor = (actor: string | null, kind: string, id: string): boolean =>
  actor !== null &&
  actor.length === kind.length + 1 + id.length &&
  actor[kind.length] === ':' &&
  actor.startsWith(kind) &&
  actor.endsWith(id);
