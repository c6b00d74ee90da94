import { setTimeout as sleep } from 'node:timers/promises';
import { type Concordat, type OperationOutput } from '@concordat/sdk';
import { type Context } from '../context';
import { table } from '../output';

type Verification = OperationOutput<'audit.verification'>;

const pollMs = 500;
const phases = { log: 'the log', events: 'events', records: 'records', messages: 'messages' } as const;

/** Has audit-service verify its database against the signed log, and waits for it. */
export async function verifyDatabase(
  client: Concordat,
  progress: Context['progress'],
): Promise<Verification> {
  const { id } = await client.audit.startVerification({});
  let said = '';
  try {
    for (;;) {
      const verification = await client.audit.verification({ id });
      if (verification.status !== 'running') return verification;
      const { phase, checked, size } = verification;
      const isOfEntries = phase !== 'records' && phase !== 'messages';
      const text = `verifying ${phases[phase ?? 'log']}: ${checked}${isOfEntries ? ` of ${size}` : ''}`;
      if (text !== said) progress.doing((said = text));
      await sleep(pollMs);
    }
  } finally {
    progress.end();
  }
}

/** For people: what was verified, or which rows are wrong. */
export function databaseSummaryOf({ id, status, size, faultCount, faults }: Verification): string {
  if (status === 'verified')
    return `Verified: the database holds what was logged, in all ${size} entries and everything that follows from them (${id}).`;
  if (status !== 'faulty')
    return `The verification ${id} was interrupted: audit-service ended before it did. Start it again.`;
  const rows = faults.map(({ table: name, logIndex, eventId, row, detail }) => [
    name,
    logIndex === null ? '' : String(logIndex),
    eventId ?? row ?? '',
    detail,
  ]);
  return [
    table(['table', 'entry', 'row', 'what is wrong'], rows),
    '',
    `${faultCount} rows are NOT what was logged (${id}).`,
  ].join('\n');
}
