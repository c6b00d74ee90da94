import type { StreamGroupView, StreamView } from '@concordat/contracts';
import type { FeedState } from './feed-states';
import type { QueueSample } from './queue-samples';

type Figures = Omit<StreamGroupView, 'stream' | 'group'>;
type Name = StreamView['name'];

const unknown: Figures = {
  ...{ waiting: null, leased: null, oldestWaitSeconds: null, consumers: null, deadLetters: null },
  ...{ delivered: null, failed: null, expired: null, deliveredPerSecond: null },
};

const figuresOf = (sample: QueueSample): Figures => ({
  waiting: sample.count - sample.leased,
  leased: sample.leased,
  oldestWaitSeconds: sample.oldestSeconds ?? null,
  consumers: sample.consumers?.size ?? null,
  deadLetters: sample.dead,
  ...{ delivered: sample.delivered, failed: sample.failed, expired: sample.expired },
  deliveredPerSecond: sample.deliveredPerSecond ?? null,
});

/** Of all together: a sum of which a part is not known is not known; an agent that is in two groups counts once. */
function together(samples: readonly QueueSample[]): QueueSample {
  const sum = (field: 'count' | 'leased' | 'dead' | 'delivered' | 'failed' | 'expired'): number =>
    samples.reduce((total, sample) => total + sample[field], 0);
  const all = <T>(values: readonly (T | undefined)[]): readonly T[] | undefined =>
    values.every((value) => value !== undefined) ? (values as T[]) : undefined;
  const consumers = all(samples.map((sample) => sample.consumers));
  const rates = all(samples.map((sample) => sample.deliveredPerSecond));
  const oldest = samples.flatMap(({ oldestSeconds }) => oldestSeconds ?? []);
  return {
    ...{ count: sum('count'), leased: sum('leased'), dead: sum('dead') },
    ...{ delivered: sum('delivered'), failed: sum('failed'), expired: sum('expired') },
    oldestSeconds: oldest.length === 0 ? undefined : Math.max(...oldest),
    consumers: consumers && new Set(consumers.flatMap((names) => [...names])),
    deliveredPerSecond: rates && Math.round(rates.reduce((total, rate) => total + rate, 0) * 1_000) / 1_000,
  };
}

export const topicView = (name: Name, groups: readonly QueueSample[]): StreamView => ({
  ...{ name, kind: 'topic', groups: groups.length, length: null },
  ...figuresOf(together(groups)),
});

export const inboxView = (name: Name, sample: QueueSample): StreamView => ({
  ...{ name, kind: 'inbox', groups: null, length: null },
  ...figuresOf(sample),
});

/** What waits is what the last of its readers has not stored yet. */
export function feedView(name: Name, { readers, length }: FeedState): StreamView {
  const lags = [...readers.values()];
  const isKnown = lags.length > 0 && lags.every((lag) => lag !== undefined);
  return {
    ...{ name, kind: 'feed', groups: lags.length, length, ...unknown },
    waiting: isKnown ? Math.max(...(lags as number[])) : null,
  };
}

export const groupView = (stream: Name, group: string, sample: QueueSample): StreamGroupView => ({
  ...{ stream, group },
  ...figuresOf(sample),
});

export const readerView = (stream: Name, reader: string, lag: number | undefined): StreamGroupView => ({
  ...{ stream, group: reader, ...unknown },
  waiting: lag ?? null,
});
