import { ConcordatError, type InclusionBundle } from '@concordat/contracts';
import { toBase64url } from '@concordat/crypto';
import type { OperationHandlers } from '@concordat/runtime';
import type { SignedCheckpoint } from '../log/covered';
import type { LogReader } from '../log/log-reader';
import { type EventPorts, openEvent } from './event.handler';
import type { EventRow } from './event-row';

export interface ProofPorts extends EventPorts {
  readonly reader: LogReader;
}

/** The operation `audit.inclusionProof`: all that is needed to check one event offline. */
export function proofHandlers(ports: ProofPorts) {
  const { queries, covered, trail } = ports;
  return {
    'audit.inclusionProof': async ({ eventId }, context) => {
      const output = await trail.query(context, async (reach) => {
        const event = (await queries.find(reach, eventId)) ?? (await droppedEvent(ports, eventId));
        const { checkpoint } = covered;
        const isCovered = event && checkpoint && event.logIndex < checkpoint.size;
        const answer = isCovered ? await bundleOf(ports, event, checkpoint) : undefined;
        return { results: answer ? 1 : 0, answer };
      });
      // Absent, not visible and not covered yet are one answer.
      if (!output) throw new ConcordatError('EVENT_UNKNOWN');
      return { output, position: null };
    },
  } satisfies OperationHandlers;
}

type DroppedEvent = Pick<EventRow, 'eventId' | 'logIndex'>;

/** An event whose row retention has dropped: its leaf, which was public before, is all that is left of it. */
async function droppedEvent(
  { queries, reader }: ProofPorts,
  eventId: string,
): Promise<DroppedEvent | undefined> {
  const logIndex = await reader.indexOf(eventId);
  if (logIndex === undefined || (await queries.hasRow(eventId))) return undefined;
  return { eventId, logIndex };
}

async function bundleOf(
  ports: ProofPorts,
  event: EventRow | DroppedEvent,
  checkpoint: SignedCheckpoint,
): Promise<InclusionBundle> {
  const { logIndex, eventId } = event;
  const { size, note } = checkpoint;
  const [leaf, proof, disclosure] = await Promise.all([
    ports.reader.leaf(logIndex),
    ports.reader.inclusionProof(logIndex, size),
    'body' in event ? openEvent(ports, event) : undefined,
  ]);
  return {
    eventId,
    logIndex,
    treeSize: size,
    leaf: toBase64url(leaf),
    proof: proof.map(toBase64url),
    checkpoint: note,
    disclosure: disclosure ? { salt: toBase64url(disclosure.salt), event: disclosure.event } : null,
  };
}
