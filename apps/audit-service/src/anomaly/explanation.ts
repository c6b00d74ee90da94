import type { Finding } from './behaviour';

const round = (value: number): string => String(Number(value.toPrecision(3)));
const percent = (share: number): string => `${round(share * 100)} %`;

/** What was noticed, in words and figures. */
export function explanationOf({ kind, observed, expected, threshold, ...finding }: Finding): string {
  const within = `within ${finding.windowSeconds} s`;
  const { counts } = finding;
  switch (kind) {
    case 'errorRate':
      return (
        `${counts.failed} of the ${counts.ended} messages that ended ${within} failed or expired (${percent(observed)}); ` +
        `${percent(expected)} are usual, from ${percent(threshold)} on it is no chance.`
      );
    case 'volume':
      return `${observed} messages were sent ${within}; ${round(expected)} are usual, ${threshold} would be unusual.`;
    case 'fanOut':
      return `${observed} different recipients ${within}; ${round(expected)} are usual, ${threshold} would be unusual.`;
    case 'newCounterparty':
      return (
        `${observed} counterparties ${within} that the agent had never sent to; ${round(expected)} were to be expected of ` +
        `${counts.sent} messages, ${threshold} would be unusual.`
      );
    default:
      return kind satisfies never;
  }
}
