import type { OperationOutput, StreamView } from '@concordat/contracts';
import type { Concordat } from '@concordat/sdk';
import { table } from '../output';

/** One look at the bus. */
export interface Sample {
  readonly streams: readonly StreamView[];
  readonly hasMore: boolean;
  readonly deadLetters: OperationOutput<'deadLetter.list'>['items'];
}

const shownStreams = 200;
const shownDeadLetters = 5;

export async function takeSample(client: Concordat): Promise<Sample> {
  const [streams, deadLetters] = await Promise.all([
    client.streams.list({ limit: shownStreams }),
    client.deadLetters.list({ limit: shownDeadLetters }),
  ]);
  return {
    ...{ streams: streams.items, hasMore: streams.nextCursor !== null },
    deadLetters: deadLetters.items,
  };
}

const headings = [
  ...['stream', 'groups', 'waiting', 'leased', 'oldest', 'dead', 'consumers', 'msg/s'],
  ...['delivered', 'failed', 'expired'],
];

/** Nobody knows is not none. */
const cell = (value: number | null): string => value?.toString() ?? '?';
const nothing = '-';

function rowOf(stream: StreamView): string[] {
  const { name, kind, waiting } = stream;
  if (kind === 'feed')
    return [name, cell(stream.groups), cell(waiting), ...Array.from({ length: 8 }, () => nothing)];
  return [
    ...[name, kind === 'topic' ? cell(stream.groups) : nothing, cell(waiting), cell(stream.leased)],
    waiting === 0 ? nothing : age(stream.oldestWaitSeconds),
    ...[stream.deadLetters, stream.consumers, stream.deliveredPerSecond].map(cell),
    ...[stream.delivered, stream.failed, stream.expired].map(cell),
  ];
}

/** `7s`, `12m`, `5h`, `3d` */
export function age(seconds: number | null): string {
  if (seconds === null) return '?';
  if (seconds < 100) return `${Math.floor(seconds)}s`;
  if (seconds < 6_000) return `${Math.floor(seconds / 60)}m`;
  return seconds < 360_000 ? `${Math.floor(seconds / 3_600)}h` : `${Math.floor(seconds / 86_400)}d`;
}

/** A sample for people. */
export function sampleText({ streams, hasMore, deadLetters }: Sample): string {
  const rows = streams.map(rowOf);
  return [
    streams.length === 0 ? 'There are no streams.' : table(headings, rows),
    ...(hasMore ? [`The first ${streams.length} streams; there are more.`] : []),
    ...(deadLetters.length === 0
      ? []
      : [
          '',
          table(
            ['latest dead letters', 'queue', 'attempts', 'error'],
            deadLetters.map(({ failedAt, queue, attempts, error }) => [
              failedAt,
              queue,
              String(attempts),
              error,
            ]),
          ),
        ]),
  ].join('\n');
}
