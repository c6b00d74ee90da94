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
        const event = await queries.find(reach, eventId);
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

async function bundleOf(
  ports: ProofPorts,
  event: EventRow,
  checkpoint: SignedCheckpoint,
): Promise<InclusionBundle> {
  const { logIndex, eventId } = event;
  const { size, note } = checkpoint;
  const [leaf, proof, disclosure] = await Promise.all([
    ports.reader.leaf(logIndex),
    ports.reader.inclusionProof(logIndex, size),
    openEvent(ports, event),
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
