import type { PolicyRequest, PolicyRule, Relationship } from '@concordat/contracts';
import { type Certainty, certainly, no, unknown, yes } from './certainty';
import { conditionRequirements, unlessRequirement } from './conditions';
import { standsAs } from './relationships';
import { oneOf, type Requirement } from './requirement';

/**
 * What a rule asks for beyond kind, role, scope and action, the cheapest first.
 * @throws Error for a network that is none
 */
export function ruleRequirements({
  subjects,
  resources,
  relationship,
  conditions,
  unless,
}: PolicyRule): Requirement[] {
  return [
    ...(subjects?.verified === undefined ? [] : [verifiedIs(subjects.verified)]),
    ...(subjects?.types ? [typeIn(subjects.types)] : []),
    ...(subjects?.ids ? [subjectIn(subjects.ids)] : []),
    ...(resources?.types ? [resourceTypeIn(resources.types)] : []),
    ...(resources?.ids ? [resourceIn(resources.ids)] : []),
    ...(relationship ? [standingAs(relationship)] : []),
    ...(conditions ? conditionRequirements(conditions) : []),
    ...(unless ? [unlessRequirement(unless)] : []),
  ];
}

/** Only agents have a type, or are verified or not: of an agent it may be unknown, of others it is not so. */
const ofAgent = (
  { subject }: PolicyRequest,
  fact: string | boolean | null,
  holds: () => boolean,
): Certainty => (subject.kind !== 'agent' ? no : fact === null ? unknown : certainly(holds()));

const verifiedIs = (wanted: boolean): Requirement => ({
  test: (request) => ofAgent(request, request.subject.verified, () => request.subject.verified === wanted),
  why: ({ subject }) =>
    `verified: needs an agent that is${wanted ? '' : ' not'}, ${factText(subject, subject.verified)}`,
});

function typeIn(types: readonly string[]): Requirement {
  const allowed = new Set(types);
  return {
    test: (request) => ofAgent(request, request.subject.type, () => allowed.has(request.subject.type!)),
    why: ({ subject }) => `types: needs ${oneOf(types)}, ${factText(subject, subject.type)}`,
  };
}

const factText = ({ kind }: PolicyRequest['subject'], fact: string | boolean | null): string =>
  kind !== 'agent' ? `is no agent but of kind ${kind}` : `is ${fact ?? 'unknown'}`;

function subjectIn(actors: readonly string[]): Requirement {
  const idsByKind = new Map<string, Set<string>>();
  for (const actor of actors) {
    const kind = actor.slice(0, actor.indexOf(':'));
    const ids = idsByKind.get(kind) ?? new Set();
    idsByKind.set(kind, ids.add(actor.slice(kind.length + 1)));
  }
  return {
    test: ({ subject }) => certainly(idsByKind.get(subject.kind)?.has(subject.id) === true),
    why: ({ subject }) => `ids: needs ${oneOf(actors)}, is ${subject.kind}:${subject.id}`,
  };
}

function resourceTypeIn(types: readonly string[]): Requirement {
  const allowed = new Set(types);
  return {
    test: ({ resource }) => certainly(allowed.has(resource.type)),
    why: ({ resource }) => `resources: needs the type ${oneOf(types)}, is ${resource.type}`,
  };
}

function resourceIn(ids: readonly string[]): Requirement {
  const allowed = new Set(ids);
  return {
    test: ({ resource }) => certainly(resource.id !== null && allowed.has(resource.id)),
    why: ({ resource }) => `resources: needs ${oneOf(ids)}, is ${resource.id ?? 'no one thing'}`,
  };
}

function standingAs(relationship: readonly Relationship[]): Requirement {
  const tests = relationship.map((name) => standsAs[name]);
  return {
    test: (request) => {
      for (const stands of tests) if (stands(request)) return yes;
      return no;
    },
    why: () => `relationship: is not ${oneOf(relationship)} of the resource`,
  };
}
