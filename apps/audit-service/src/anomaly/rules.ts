import type { AnomalyKind, AnomalySettings } from '@concordat/contracts';

/** The rules that an agent is judged by. */
export type Rules = Omit<AnomalySettings, 'overrides'>;

/** Rules of a tenant, with those of its own for each agent that has some. */
export function rulesOf(settings: AnomalySettings): (agent: string) => Rules {
  const own = new Map(settings.overrides.map(({ agent, ...rules }) => [agent, rules]));
  return (agent) => {
    const { errorRate, volume, fanOut, newCounterparty } = own.get(agent) ?? {};
    return {
      ...settings,
      ...(errorRate && { errorRate }),
      ...(volume && { volume }),
      ...(fanOut && { fanOut }),
      ...(newCounterparty && { newCounterparty }),
    };
  };
}

/** What is expected of a window, and from when on it is an anomaly. */
export interface Judgement {
  readonly kind: AnomalyKind;
  readonly observed: number;
  readonly expected: number;
  readonly threshold: number;
}
