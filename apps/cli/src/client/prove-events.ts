import { type InclusionBundle } from '@concordat/contracts';
import { type BundleVerdict, verifyInclusionBundle } from '@concordat/crypto';
import { type Concordat, isConcordatProblem } from '@concordat/sdk';
import { table } from '../output';

/** What is known of one event after its proof was checked. */
export interface ProvenEvent {
  readonly eventId: string;
  readonly ok: boolean;
  /** Why not; null when it is proven. */
  readonly reason: string | null;
  /** Type and time, as the log holds them. */
  readonly type: string | null;
  readonly time: string | null;
  readonly logIndex: number | null;
  readonly treeSize: number | null;
  /** Whether the content was shown and found to be the one logged; false when it was erased. */
  readonly disclosed: boolean;
  /** Name of the log. */
  readonly origin: string | null;
}

/** Asked for at the same time. */
const batch = 8;

/** Fetches the proof of every event and checks it here. An event without a proof is a result, not an error. */
export async function proveEvents(
  client: Concordat,
  ids: readonly string[],
  vkey: string,
): Promise<ProvenEvent[]> {
  const results: ProvenEvent[] = [];
  for (let i = 0; i < ids.length; i += batch) {
    const some = ids.slice(i, i + batch).map((id) => proveEvent(client, id, vkey));
    results.push(...(await Promise.all(some)));
  }
  return results;
}

async function proveEvent(client: Concordat, eventId: string, vkey: string): Promise<ProvenEvent> {
  try {
    const verdict = await client.audit.verify(eventId, { vkey });
    return toProven(eventId, verdict, verdict.bundle);
  } catch (error) {
    if (!isConcordatProblem(error, 'EVENT_UNKNOWN')) throw error;
    return { ...unproven(eventId), reason: `${error.detail} ${error.fix}` };
  }
}

const unproven = (eventId: string): ProvenEvent => ({
  ...{ eventId, ok: false, reason: null, type: null, time: null },
  ...{ logIndex: null, treeSize: null, disclosed: false, origin: null },
});

/** Checks a proof that was fetched before. */
export const provenBy = (bundle: InclusionBundle, vkey: string): ProvenEvent =>
  toProven(bundle.eventId, verifyInclusionBundle(bundle, vkey), bundle);

function toProven(eventId: string, verdict: BundleVerdict, bundle: InclusionBundle): ProvenEvent {
  if (!verdict.ok) return { ...unproven(eventId), reason: verdict.reason };
  const { leaf, checkpoint, event } = verdict;
  return {
    ...{ eventId, ok: true, reason: null, type: leaf.type, time: leaf.time },
    ...{
      logIndex: bundle.logIndex,
      treeSize: bundle.treeSize,
      disclosed: event !== null,
      origin: checkpoint.origin,
    },
  };
}

/** For people: what was proven, and what not. */
export function summaryOf(results: readonly ProvenEvent[], vkeyFile: string): string {
  const rows = results.map(({ eventId, ok, reason, type, time, logIndex, disclosed }) => [
    ok ? '✓' : '✗',
    eventId,
    ok ? `${type}, ${time}` : (reason ?? ''),
    ok ? `entry ${logIndex}${disclosed ? '' : ', content erased'}` : '',
  ]);
  const proven = results.filter(({ ok }) => ok);
  const { origin, treeSize } = proven.at(-1) ?? {};
  const erased = proven.filter(({ disclosed }) => !disclosed).length;
  const lines =
    proven.length < results.length
      ? [`${results.length - proven.length} of ${results.length} events are NOT proven.`]
      : [
          `Proven: ${proven.length === 1 ? 'this event is' : `these ${proven.length} events are`} in the log "${origin}" of ${treeSize} events,`,
          `in a checkpoint that the key in ${vkeyFile} has signed; checked on this machine.`,
          erased === 0
            ? 'Type, time, tenant, actor, subject and content are what was logged.'
            : `The content of ${erased} was erased: of those only type, time and place in the log are proven.`,
        ];
  return [table(['', 'event', 'what', 'where'], rows), '', ...lines].join('\n');
}
