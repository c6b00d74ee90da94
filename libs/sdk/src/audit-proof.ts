import type { InclusionBundle } from '@concordat/contracts';
import { type BundleVerdict, verifyInclusionBundle } from '@concordat/crypto';
import type { CallOptions } from './call/caller';
import type { Invoke } from './operation-groups';

export interface VerifyOptions extends CallOptions {
  /** C2SP verifier key of the log, from a place that the log cannot change: pin it, do not ask for it. */
  readonly vkey: string;
}

/** What was proven, or why nothing was, and the bundle that everybody can check again. */
export type EventVerdict = BundleVerdict & { readonly bundle: InclusionBundle };

/**
 * Fetches the proof that an event is in the audit log, and checks it here: the server is not believed.
 * @throws ConcordatProblem EVENT_UNKNOWN, also in the second before the next checkpoint covers the event
 */
export async function verifyEvent(
  invoke: Invoke,
  eventId: string,
  { vkey, ...options }: VerifyOptions,
): Promise<EventVerdict> {
  const bundle = await invoke('audit.inclusionProof', { eventId }, options);
  if (bundle.eventId !== eventId) return { ok: false, reason: 'the answer is about another event', bundle };
  return { ...verifyInclusionBundle(bundle, vkey), bundle };
}
