import { ConcordatError, RequestRefused } from '@concordat/contracts';
import type { FeedEvent } from './feed';
import { type Refusal, RefusalFeed } from './refusal-feed';

const refusal = (key: string): Refusal => ({
  spec: RequestRefused,
  tenant: 't1',
  actor: 'anonymous',
  data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller: key },
  correlation: null,
  traceparent: null,
  key,
});

describe('the feed of refusals', () => {
  /** A feed whose appends wait until they are told how they end. */
  function start() {
    const fed: FeedEvent[] = [];
    const waiting: { resolve(): void; reject(error: Error): void }[] = [];
    const timers: (() => void)[] = [];
    const errors: unknown[] = [];
    const append = (event: FeedEvent): Promise<void> => {
      fed.push(event);
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }));
    };
    const refusals = new RefusalFeed({
      feed: { append },
      windowMs: 1_000,
      setTimer: (run) => timers.push(run),
      onError: (error) => errors.push(error),
    });
    return { refusals, fed, waiting, timers, errors };
  }

  it('lets a repetition wait until the first one is durable', async () => {
    const { refusals, fed, waiting } = start();
    let done = 0;
    const both = [refusals.append(refusal('a')), refusals.append(refusal('a'))].map((append) =>
      append.then(() => done++),
    );
    await Promise.resolve();
    expect([fed.length, done]).toEqual([1, 0]);
    waiting[0]!.resolve();
    await Promise.all(both);
    expect(done).toBe(2);
  });

  it('fails the repetitions of one that failed, and begins anew with the next', async () => {
    const { refusals, fed, waiting } = start();
    const both = [refusals.append(refusal('a')), refusals.append(refusal('a'))];
    waiting[0]!.reject(new ConcordatError('SERVICE_UNAVAILABLE'));
    for (const append of both) await expect(append).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    void refusals.append(refusal('a'));
    expect(fed).toHaveLength(2);
  });

  it('feeds the number of repetitions when the window closes, and nothing when there were none', async () => {
    const { refusals, fed, waiting, timers } = start();
    const appends = ['a', 'a', 'a', 'b'].map((key) => refusals.append(refusal(key)));
    for (const { resolve } of waiting) resolve();
    await Promise.all(appends);
    for (const close of timers) close();
    expect(fed.map(({ data }) => [data['caller'], data['count']])).toEqual([
      ['a', 1],
      ['b', 1],
      ['a', 2],
    ]);
  });

  it('counts too many different refusals in one window', async () => {
    const { refusals, fed, waiting } = start();
    const appends = Array.from({ length: 10_050 }, (_, i) => refusals.append(refusal(`k${i}`)));
    for (const { resolve } of waiting) resolve();
    await Promise.all(appends);
    expect(fed).toHaveLength(10_001);
  });

  it('reports counts that could not be fed', async () => {
    const { refusals, waiting, errors } = start();
    const appends = ['a', 'a'].map((key) => refusals.append(refusal(key)));
    waiting[0]!.resolve();
    await Promise.all(appends);
    const flushed = refusals.flush();
    waiting[1]!.reject(new Error('away'));
    await flushed;
    expect(errors).toHaveLength(1);
  });
});
