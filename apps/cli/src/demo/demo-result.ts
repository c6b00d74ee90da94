import { type ServiceName } from './answering-services';
import { type Check } from './checks';

/** What the demo found. */
export interface DemoResult {
  readonly ok: boolean;
  readonly checks: readonly Check[];
  /** Of the first message, and of the first of everything else. */
  readonly traceId: string;
  /** That answered at the end. */
  readonly services: readonly ServiceName[];
  /** That had an effect. */
  readonly messages: number;
  readonly durationsMs: Readonly<Record<Phase, number>>;
}

export type Phase = 'setup' | 'conversation' | 'memory' | 'refusals' | 'audit' | 'total';
