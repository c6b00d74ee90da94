import { randomBytes } from 'node:crypto';
import {
  type Concordat,
  isConcordatProblem,
  type NewAgentKey,
  newAgentKey,
  type Timeouts,
} from '@concordat/sdk';

/** Whatever is killed while the demo runs comes back within this. */
export const patient: Timeouts = { attemptMs: 5_000, totalMs: 90_000 };

/** Somebody who appears in the demo. */
export interface Player extends NewAgentKey {
  readonly name: string;
}

/** What all parts of the demo share. */
export interface Stage {
  /** Tells this demo from others. */
  readonly run: string;
  readonly urls: readonly string[];
  readonly admin: Concordat;
  readonly ada: Player;
  readonly ben: Player;
  readonly mallory: Player;
  /** Of the one trace that the first of everything belongs to. */
  readonly traceparent: string;
  readonly traceId: string;
  /** Fires when the demo has taken too long, or was interrupted. */
  readonly deadline: AbortSignal;
}

export const player = (name: string): Player => ({ name, ...newAgentKey() });

/** A sampled trace that begins here (W3C Trace Context §3.2). */
export function newTrace(): { readonly traceparent: string; readonly traceId: string } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
}

/** Registers everybody. @throws ConcordatProblem */
export async function registerAll({
  run,
  admin,
  ada,
  ben,
  mallory,
  traceparent,
  deadline,
}: Stage): Promise<void> {
  for (const { name, publicKey } of [ada, ben, mallory]) {
    await admin.agents.register(
      {
        name: `demo ${run}: ${name}`,
        type: 'CLAUDE',
        publicKey,
        metadata: { demo: run },
      },
      { traceparent, signal: deadline },
    );
  }
}

/** Also after the deadline: what was begun is put away. */
const cleanupMs = 10_000;

/**
 * Their keys are gone with the demo; nobody shall be able to act in their names. Those that were never registered are no
 * matter. @throws ConcordatProblem when one of them may still be active
 */
export async function revokeAll({ admin, ada, ben, mallory }: Omit<Stage, 'deadline'>): Promise<void> {
  const signal = AbortSignal.timeout(cleanupMs);
  const revoked = [ada, ben, mallory].map(async ({ did }) => {
    try {
      await admin.agents.revoke({ did, reason: 'end of the demo' }, { signal });
    } catch (error) {
      if (!isConcordatProblem(error, 'AGENT_UNKNOWN')) throw error;
    }
  });
  // All of them are tried, whatever becomes of one.
  await Promise.allSettled(revoked);
  await Promise.all(revoked);
}
