import { type EventFacts, factsOf } from '../facts';
import { type Format, mapped, type MappingRow } from '../format';
import { aroundChain, proofOf, readManifest, readProof, requireEvent } from '../proof-fields';

/** Elastic Common Schema, https://www.elastic.co/docs/reference/ecs */
export const ecsVersion = '8.17.0';

/** Allowed values of `event.category` and, with it, of `event.type`. */
const categories = { authentication: 'authentication', entity: 'iam', activity: 'api' } as const;
const types = {
  create: 'creation',
  read: 'access',
  update: 'change',
  delete: 'deletion',
  other: 'info',
} as const;

function typesOf({ room, action, verb }: EventFacts): readonly string[] {
  if (room === 'authentication') return [verb === 'opened' ? 'start' : verb === 'ended' ? 'end' : 'info'];
  return room === 'entity' && action === 'read' ? ['info'] : [types[action]];
}

const names = ({ actor, subject }: EventFacts): readonly string[] | undefined =>
  actor === undefined || subject === undefined ? undefined : [...new Set([actor, subject])];

export const ecsMapping: readonly MappingRow<EventFacts>[] = [
  { field: '@timestamp', from: 'time', value: ({ time }) => time },
  { field: 'ecs.version', from: 'of the schema', value: () => ecsVersion },
  { field: 'event.kind', from: 'constant', value: () => 'event' },
  { field: 'event.module', from: 'constant', value: () => 'concordat' },
  { field: 'event.dataset', from: 'constant', value: () => 'concordat.audit' },
  { field: 'event.id', from: 'id', value: ({ id }) => id },
  { field: 'event.action', from: 'noun and verb of the type', value: ({ noun, verb }) => `${noun}-${verb}` },
  { field: 'event.code', from: 'type', value: ({ type }) => type },
  { field: 'event.category', from: 'service and noun of the type', value: ({ room }) => [categories[room]] },
  { field: 'event.type', from: 'verb of the type', value: typesOf },
  {
    field: 'event.outcome',
    from: 'failure for refusals and failures, else success',
    value: ({ failed }) => (failed ? 'failure' : 'success'),
  },
  { field: 'event.provider', from: 'source', value: ({ source }) => source },
  { field: 'event.sequence', from: 'index in the log', value: ({ logIndex }) => logIndex },
  { field: 'event.original', from: 'canonical text of the event', value: ({ text }) => text },
  { field: 'service.name', from: 'service of the type', value: ({ service }) => service },
  { field: 'organization.id', from: 'tenant', value: ({ tenant }) => tenant },
  { field: 'user.id', from: 'actor', value: ({ actor }) => actor },
  { field: 'related.user', from: 'actor and subject', value: names },
  { field: 'labels.subject', from: 'subject', value: ({ subject }) => subject },
  { field: 'labels.correlation', from: 'correlation', value: ({ correlation }) => correlation ?? undefined },
  { field: 'trace.id', from: 'traceparent', value: ({ traceId }) => traceId },
];

interface Line {
  readonly event?: { readonly original?: unknown };
  readonly concordat?: object;
}

/** Documents of ECS: what has no place in the schema stands under a name of its own, `concordat`. */
export const ecs: Format = {
  render(record) {
    requireEvent(record);
    const concordat = { ...proofOf(record), chain: '' };
    return aroundChain({ ...mapped(ecsMapping, factsOf(record)), concordat }, 2);
  },

  renderManifest: ({ text, signature }) =>
    JSON.stringify({
      '@timestamp': (JSON.parse(text) as { exportedAt: string }).exportedAt,
      ecs: { version: ecsVersion },
      event: {
        ...{ kind: 'event', module: 'concordat', dataset: 'concordat.audit', action: 'audit-manifest' },
        original: text,
      },
      concordat: { signature },
    }),

  read(line) {
    const { event, concordat: proof = {} } = JSON.parse(line) as Line;
    return 'signature' in proof ? readManifest(proof, event?.original) : readProof(proof, event?.original);
  },
};
