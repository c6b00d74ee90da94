import { actorOf, ConcordatError, type OperationInput } from '@concordat/contracts';
import type { Chunk, OperationContext, OperationHandlers } from '@concordat/runtime';
import type { Covered } from '../log/covered';
import type { PlaceSeal } from '../trail/place-seal';
import { reachOf, type Trail } from '../trail/trail';
import { exportPlace, exportStart } from './export-place';
import type { Exporter, ExportJob } from './exporter';

export interface ExportPorts {
  readonly exporter: Exporter;
  readonly covered: Covered;
  readonly trail: Trail;
  readonly places: PlaceSeal;
}

/** The operations `audit.export` and `audit.subjectExport`. */
export function exportHandlers({ exporter, covered, trail, places }: ExportPorts) {
  const chunk = async (
    job: ExportJob,
    input: object,
    sealed: string | null,
    context: OperationContext,
  ): Promise<Chunk<{ lines: string }>> => {
    const before = sealed === null ? begin(job, covered) : places.open(exportPlace, context, input, sealed);
    if (sealed === null) await trail.opened(context, job.about.subject);
    const { lines, place } = await exporter.next(job, before);
    return { items: lines === '' ? [] : [{ lines }], next: place && places.seal(context, input, place) };
  };
  return {
    'audit.export': (input, place, context) => chunk(trailJob(input, context), input, place, context),
    'audit.subjectExport': (input, place, context) =>
      chunk(subjectJob(input, context), input, place, context),
  } satisfies OperationHandlers;
}

function begin({ since }: ExportJob, { size }: Covered) {
  if (size === 0) throw new ConcordatError('NOT_FOUND', 'The log is empty.');
  if (since !== undefined && since > size) throw new ConcordatError('TREE_SIZE_INVALID');
  return exportStart(size);
}

function trailJob(
  { format, since, ...filter }: OperationInput<'audit.export'>,
  { principal }: OperationContext,
): ExportJob {
  const said = Object.entries(filter).filter(([, value]) => value !== undefined);
  return {
    ...{ format, since, filter, reach: reachOf(principal), agents: [] },
    about: {
      ...{ tenant: principal.tenant, reader: actorOf(principal), subject: null },
      filter: Object.fromEntries(said) as Record<string, string>,
    },
  };
}

/** Everything about and by one: who reads the trail of the tenant may ask of anybody, everybody of itself. */
function subjectJob(
  { subject, since }: OperationInput<'audit.subjectExport'>,
  { principal }: OperationContext,
): ExportJob {
  const { tenant, names } = reachOf(principal);
  if (names !== null && !names.includes(subject))
    throw new ConcordatError('POLICY_DENIED', 'You can export what is known of yourself, not of others.');
  const isAgent = subject.startsWith('did:');
  return {
    ...{ format: 'ndjson', since, filter: {}, agents: isAgent ? [subject] : [] },
    reach: { tenant, names: isAgent ? [subject, `agent:${subject}`] : [subject] },
    about: { tenant, reader: actorOf(principal), subject, filter: {} },
  };
}
