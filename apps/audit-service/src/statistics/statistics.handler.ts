import { ConcordatError, type OperationOutput } from '@concordat/contracts';
import type { OperationHandlers } from '@concordat/runtime';
import type { Reach, Trail } from '../trail/trail';
import { prioritiesOf, statusesOf, typesOf } from './counters';
import { countOf, quantileOf, relativeError } from './delivery-sketch';
import type { Statistics, StatisticsQueries } from './statistics-queries';

type Output = OperationOutput<'audit.statistics'>;

/** The operation `audit.statistics`. */
export function statisticsHandlers(queries: StatisticsQueries, trail: Trail) {
  return {
    'audit.statistics': ({ from, to, agent, top }, context) =>
      trail.query(context, async (reach) => {
        const window = { lower: Date.parse(from), upper: Date.parse(to) };
        if (window.lower >= window.upper) throw invalid('/to', 'must be later than `from`');
        const scope = { tenant: reach.tenant, agents: agentsOf(reach, agent) };
        const statistics = await queries.read(scope, window, top);
        const output = { from, to, agent: agent ?? null, ...toOutput(statistics) };
        return { results: 1, answer: { output, position: null } };
      }),
  } satisfies OperationHandlers;
}

/** @throws ConcordatError INPUT_INVALID when somebody asks about another who sees only what concerns them */
function agentsOf({ names }: Reach, agent: string | undefined): readonly string[] | null {
  if (names === null) return agent === undefined ? null : [agent];
  if (agent === undefined || names.includes(agent)) return names;
  throw invalid(
    '/agent',
    'must be left out, or be you: only those who see the whole tenant ask about others',
  );
}

const invalid = (pointer: string, message: string): ConcordatError =>
  new ConcordatError('INPUT_INVALID', 'There are no such statistics.', { errors: [{ pointer, message }] });

function toOutput({ sums, deliveryMs, sketch, topSenders, topReceivers }: Statistics) {
  const messages = sums['messages']!;
  const byStatus = statusesOf(sums);
  const timed = countOf(sketch);
  return {
    messages,
    byStatus,
    byType: typesOf(sums),
    byPriority: prioritiesOf(sums),
    errorRate: messages === 0 ? null : (byStatus.FAILED + byStatus.EXPIRED) / messages,
    delivery: {
      timed,
      averageMs: timed === 0 ? null : deliveryMs / timed,
      p50Ms: quantileOf(sketch, 0.5),
      p90Ms: quantileOf(sketch, 0.9),
      p95Ms: quantileOf(sketch, 0.95),
      p99Ms: quantileOf(sketch, 0.99),
      relativeError,
    },
    topSenders: [...topSenders],
    topReceivers: [...topReceivers],
  } satisfies Omit<Output, 'from' | 'to' | 'agent'>;
}
