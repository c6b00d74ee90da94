import { randomBytes } from 'node:crypto';
import { type Concordat, type NewAgentKey, newAgentKey, type Timeouts } from '@concordat/sdk';

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
  /** Fires when the demo has taken too long. */
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

/** Their keys are gone with the demo; nobody shall be able to act in their names. @throws ConcordatProblem */
export async function revokeAll({ admin, ada, ben, deadline: signal }: Stage): Promise<void> {
  for (const { did } of [ada, ben]) await admin.agents.revoke({ did, reason: 'end of the demo' }, { signal });
}
