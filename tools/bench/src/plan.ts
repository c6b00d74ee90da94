/** What a run is given; nothing here is measured. */
export interface BenchPlan {
  /** data folder of the system */
  readonly folder: string;
  /** of each measurement */
  readonly seconds: number;
  /** how many are registered before anything is measured */
  readonly identities: number;
  /** how many are in the audit log before it is searched */
  readonly events: number;
  /** says what is being done */
  readonly tell: (text: string) => void;
}

export const warmUpSecondsOf = ({ seconds }: Pick<BenchPlan, 'seconds'>): number => Math.min(2, seconds / 2);

/** Requests of an open loop. */
export const countsOf = (plan: Pick<BenchPlan, 'seconds'>, perSecond: number) => ({
  perSecond,
  count: Math.ceil(perSecond * plan.seconds),
  warmUp: Math.ceil(perSecond * warmUpSecondsOf(plan)),
});
