import { type BenchResult, result } from '../report';
import type { System } from '../system';
import type { BenchPlan } from '../plan';
import type { Registered } from './registrations';

/** `concordat iam rebuild` of everything that the bench has made; the system is stopped, and stays so. */
export async function rebuild(
  system: System,
  plan: BenchPlan,
  { identities }: Registered,
): Promise<BenchResult[]> {
  plan.tell('rebuilding the tables from the events');
  await system.stop();
  const { events, durationMs } = (await system.answerOf('iam', 'rebuild')) as Record<string, number>;
  return [
    result('iam.rebuild_s', durationMs! / 1_000, 's', {
      ...{ events: events!, identities, eventsPerS: events! / (durationMs! / 1_000) },
      what: 'all tables of the store anew from its events, as the command itself measures it (without its start)',
    }),
  ];
}
