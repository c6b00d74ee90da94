import { type EventFacts, factsOf, type Room } from '../facts';
import { type Format, mapped, type MappingRow } from '../format';
import { aroundChain, proofOf, readManifest, readProof, requireEvent } from '../proof-fields';

/** Open Cybersecurity Schema Framework, https://schema.ocsf.io */
export const ocsfVersion = '1.8.0';

type Class = Room | 'base';

/** Classes by what an event is about. A closed event tells too little for any but the base event. */
const classes: Readonly<Record<Class, { readonly category: number; readonly uid: number }>> = {
  authentication: { category: 3, uid: 3002 },
  entity: { category: 3, uid: 3004 },
  activity: { category: 6, uid: 6003 },
  base: { category: 0, uid: 0 },
};
const crud = { create: 1, read: 2, update: 3, delete: 4, other: 99 } as const;
const logon: Readonly<Record<string, number>> = { opened: 1, failed: 1, refused: 1, ended: 2 };

const classOf = ({ room, text }: EventFacts): Class => (text === undefined ? 'base' : room);

function activityOf(facts: EventFacts): number {
  const name = classOf(facts);
  if (name === 'base') return 99;
  return name === 'authentication' ? (logon[facts.verb] ?? 99) : crud[facts.action];
}

const only =
  (name: Class, value: (facts: EventFacts) => string | undefined) =>
  (facts: EventFacts): string | undefined =>
    classOf(facts) === name ? value(facts) : undefined;

export const ocsfMapping: readonly MappingRow<EventFacts>[] = [
  { field: 'activity_id', from: 'verb of the type', value: activityOf },
  { field: 'activity_name', from: 'verb of the type', value: ({ verb }) => verb },
  {
    field: 'category_uid',
    from: 'service and noun of the type',
    value: (facts) => classes[classOf(facts)].category,
  },
  { field: 'class_uid', from: 'service and noun of the type', value: (facts) => classes[classOf(facts)].uid },
  {
    field: 'type_uid',
    from: 'class_uid · 100 + activity_id',
    value: (facts) => classes[classOf(facts)].uid * 100 + activityOf(facts),
  },
  { field: 'time', from: 'time, in milliseconds', value: ({ timeMs }) => timeMs },
  {
    field: 'severity_id',
    from: 'low (2) for refusals and failures, else informational (1)',
    value: ({ failed }) => (failed ? 2 : 1),
  },
  {
    field: 'status_id',
    from: 'failure (2) for refusals and failures, else success (1)',
    value: ({ failed }) => (failed ? 2 : 1),
  },
  { field: 'metadata.version', from: 'of the schema', value: () => ocsfVersion },
  { field: 'metadata.product.name', from: 'constant', value: () => 'Concordat' },
  { field: 'metadata.product.vendor_name', from: 'constant', value: () => 'Concordat' },
  { field: 'metadata.uid', from: 'id', value: ({ id }) => id },
  { field: 'metadata.event_code', from: 'type', value: ({ type }) => type },
  { field: 'metadata.original_time', from: 'time', value: ({ time }) => time },
  { field: 'metadata.sequence', from: 'index in the log', value: ({ logIndex }) => logIndex },
  { field: 'metadata.log_provider', from: 'source', value: ({ source }) => source },
  { field: 'metadata.tenant_uid', from: 'tenant', value: ({ tenant }) => tenant },
  {
    field: 'metadata.correlation_uid',
    from: 'correlation',
    value: ({ correlation }) => correlation ?? undefined,
  },
  { field: 'actor.user.uid', from: 'actor', value: ({ actor }) => actor },
  {
    field: 'user.uid',
    from: 'subject (Authentication)',
    value: only('authentication', ({ subject }) => subject),
  },
  {
    field: 'service.name',
    from: 'service of the type (Authentication)',
    value: only('authentication', ({ service }) => service),
  },
  {
    field: 'entity.uid',
    from: 'subject (Entity Management)',
    value: only('entity', ({ subject }) => subject),
  },
  {
    field: 'entity.type',
    from: 'noun of the type (Entity Management)',
    value: only('entity', ({ noun }) => noun),
  },
  {
    field: 'api.operation',
    from: 'noun and verb of the type (API Activity)',
    value: only('activity', ({ noun, verb }) => `${noun}.${verb}`),
  },
  {
    field: 'api.service.name',
    from: 'service of the type (API Activity)',
    value: only('activity', ({ service }) => service),
  },
  {
    field: 'src_endpoint.svc_name',
    from: 'source (API Activity)',
    value: only('activity', ({ source }) => source),
  },
  { field: 'raw_data', from: 'canonical text of the event', value: ({ text }) => text },
];

interface Line {
  readonly raw_data?: unknown;
  readonly unmapped?: { readonly concordat?: object };
}

/** Events of OCSF: what has no place in the schema is `unmapped`. */
export const ocsf: Format = {
  render(record) {
    requireEvent(record);
    const concordat = { ...proofOf(record), chain: '' };
    return aroundChain({ ...mapped(ocsfMapping, factsOf(record)), unmapped: { concordat } }, 3);
  },

  renderManifest: ({ text, signature }) =>
    JSON.stringify({
      ...{ activity_id: 99, activity_name: 'manifest', category_uid: 0, class_uid: 0, type_uid: 99 },
      time: Date.parse((JSON.parse(text) as { exportedAt: string }).exportedAt),
      severity_id: 1,
      metadata: { version: ocsfVersion, product: { name: 'Concordat', vendor_name: 'Concordat' } },
      raw_data: text,
      unmapped: { concordat: { signature } },
    }),

  read(line) {
    const { raw_data: text, unmapped } = JSON.parse(line) as Line;
    const proof = unmapped?.concordat ?? {};
    return 'signature' in proof ? readManifest(proof, text) : readProof(proof, text);
  },
};
