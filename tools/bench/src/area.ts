import type { BenchPlan } from './plan';
import type { BenchResult, Machine } from './report';
import type { System } from './system';

export interface AreaOutcome {
  readonly results: readonly BenchResult[];
  readonly versions: Pick<Machine, 'redis' | 'postgres'>;
}

/** Measures one part of Concordat, on a system that does not run yet. */
export type Area = (system: System, plan: BenchPlan) => Promise<AreaOutcome>;
