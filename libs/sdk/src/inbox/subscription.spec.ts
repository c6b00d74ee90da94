import { FakeClock } from '../clock.fixture';
import { FakeInbox, messageIdOf, refused } from './inbox.fixture';
import type { ReceivedMessage } from './received-message';
import type { MessageHandler, SubscribeOptions } from './subscribe-options';
import { Subscription } from './subscription';

let inbox: FakeInbox;
let clock: FakeClock;
let subscription: Subscription | undefined;
const errors: [error: unknown, message: unknown][] = [];
beforeEach(() => {
  inbox = new FakeInbox();
  clock = new FakeClock();
  errors.length = 0;
});
afterEach(async () => {
  for (const release of releases.splice(0)) release();
  await subscription?.stop();
});
const releases: (() => void)[] = [];

const ports = () => ({
  ...{ invoke: inbox.invoke, fetch: inbox.fetch, clock, random: () => 1 },
});

function subscribe(handler: MessageHandler, options: SubscribeOptions = {}): Subscription {
  const onError = (error: unknown, message?: ReceivedMessage): void =>
    void errors.push([error, message?.payload]);
  return (subscription = new Subscription(ports(), handler, { onError, ...options }));
}

/** Lets everything go on that can. */
const idle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

/** Handlers that end when the test says so. */
function gate() {
  const begun: number[] = [];
  const ends = new Map<number, { resolve(): void; reject(error: Error): void }>();
  const handler: MessageHandler = ({ payload }) =>
    new Promise<void>((resolve, reject) => {
      begun.push(payload as number);
      releases.push(resolve);
      ends.set(payload as number, { resolve, reject });
    });
  return {
    begun,
    handler,
    end: (id: number) => ends.get(id)!.resolve(),
    fail: (id: number) => ends.get(id)!.reject(new Error('no')),
  };
}

describe('a subscription', () => {
  it('hands out one message after the other, and acknowledges what was handled', async () => {
    const { begun, handler, end } = gate();
    subscribe(handler, { leaseSeconds: 5, waitSeconds: 7 });
    inbox.deliver(1);
    inbox.deliver(2);
    await idle();
    expect([begun, inbox.acked]).toEqual([[1], []]);
    end(1);
    await idle();
    expect([begun, inbox.acked]).toEqual([[1, 2], ['1.1']]);
    expect(inbox.fetched[0]).toEqual({ count: 1, leaseSeconds: 5, waitSeconds: 7 });
  });

  it('hands out as many at once as it may, and asks for no more', async () => {
    const { begun, handler, end } = gate();
    subscribe(handler, { concurrency: 3 });
    for (const id of [1, 2, 3, 4]) inbox.deliver(id);
    await idle();
    expect(begun).toEqual([1, 2, 3]);
    end(2);
    await idle();
    expect(begun).toEqual([1, 2, 3, 4]);
    expect(inbox.fetched.map(({ count }) => count)).toEqual([3, 1]);
  });

  it('acknowledges together what was handled meanwhile', async () => {
    const { handler, end } = gate();
    const tokens: string[][] = [];
    const release: (() => void)[] = [];
    const { invoke } = inbox;
    inbox = Object.assign(inbox, {
      invoke: (async (name, input, options) => {
        if (name !== 'inbox.ack') return invoke(name, input, options);
        tokens.push((input as { tokens: string[] }).tokens);
        await new Promise<void>((resolve) => release.push(resolve));
        return { acked: [] };
      }) as typeof invoke,
    });
    subscribe(handler, { concurrency: 3 });
    for (const id of [1, 2, 3]) inbox.deliver(id);
    await idle();
    for (const id of [1, 2, 3]) {
      end(id);
      await idle();
    }
    release.shift()!();
    await idle();
    expect(tokens).toEqual([['1.1'], ['2.1', '3.1']]);
    release.shift()!();
  });

  it('acknowledges a message that comes again without handling it again', async () => {
    const handled: unknown[] = [];
    inbox.failures['inbox.ack'] = [refused('SERVICE_UNAVAILABLE', 503)];
    subscribe(({ payload }) => void handled.push(payload));
    inbox.deliver(1);
    await idle();
    expect(errors).toMatchObject([[{ code: 'SERVICE_UNAVAILABLE' }, undefined]]);
    inbox.deliver(1, { attempt: 2 });
    await idle();
    expect([handled, inbox.acked]).toEqual([[1], ['1.2']]);
  });

  it('takes the newest token of a message that comes again while it is handled', async () => {
    const { begun, handler, end } = gate();
    subscribe(handler, { concurrency: 2 });
    inbox.deliver(1);
    await idle();
    inbox.deliver(1, { attempt: 2 });
    await idle();
    end(1);
    await idle();
    expect([begun, inbox.acked]).toEqual([[1], ['1.2']]);
  });

  it('is not disturbed by a token that is stale', async () => {
    inbox.failures['inbox.ack'] = [refused('DELIVERY_TOKEN_STALE', 409)];
    subscribe(() => undefined);
    inbox.deliver(1);
    await idle();
    inbox.deliver(1, { attempt: 2 });
    await idle();
    expect([errors, inbox.acked]).toEqual([[], ['1.2']]);
  });

  it('gives a message back whose handler fails, says so, and hands it out when it comes again', async () => {
    const attempts: number[] = [];
    subscribe(({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new Error('not now');
    });
    inbox.deliver(1);
    inbox.deliver(2, { attempt: 3 });
    await idle();
    expect(errors).toMatchObject([[{ message: 'not now' }, 1]]);
    expect([inbox.acked, inbox.nacked]).toEqual([['2.3'], [{ token: '1.1', reason: 'not now' }]]);
    inbox.deliver(1, { attempt: 2 });
    await idle();
    expect([attempts, inbox.acked]).toEqual([
      [1, 3, 2],
      ['2.3', '1.2'],
    ]);
  });

  it('survives gateways that are away, and pauses longer every time', async () => {
    const away = (): Error => refused('CONNECTION_FAILED', 0);
    inbox.failures['inbox.fetch'] = [
      away(),
      away(),
      refused('CHALLENGE_ALREADY_USED', 401),
      refused('INTERNAL', 500),
    ];
    const handled: unknown[] = [];
    subscribe(({ payload }) => void handled.push(payload));
    inbox.deliver(1);
    await idle();
    expect([handled, clock.slept]).toEqual([[1], [50, 100, 200, 400]]);
    expect(errors).toHaveLength(4);
  });

  it('ends when there is no sense in going on', async () => {
    inbox.failures['inbox.fetch'] = [refused('HANDSHAKE_REFUSED', 401)];
    expect(await subscribe(() => undefined).closed).toMatchObject({ code: 'HANDSHAKE_REFUSED' });
    expect(errors).toHaveLength(1);
  });

  it('goes on when whoever hears of errors fails', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
    const onError = (): never => {
      throw new Error('deaf');
    };
    const handled: unknown[] = [];
    subscribe(({ payload }) => handled.push(payload) === 1 && Promise.reject(new Error('no')), { onError });
    inbox.deliver(1);
    inbox.deliver(2);
    await idle();
    expect(handled).toEqual([1, 2]);
    expect(warnings).toHaveBeenCalledWith(new Error('deaf'), 'ConcordatWarning');
    warnings.mockRestore();
  });

  it('warns about errors when nobody else hears of them', async () => {
    const warnings = jest.spyOn(process, 'emitWarning').mockImplementation();
    subscription = new Subscription(ports(), () => Promise.reject(new Error('no')));
    inbox.deliver(1);
    await idle();
    expect(warnings).toHaveBeenCalledWith(new Error('no'), 'ConcordatWarning');
    warnings.mockRestore();
  });
});

describe('a subscription that is stopped', () => {
  it('takes nothing more, and ends when all is handled and acknowledged', async () => {
    const { begun, handler, end } = gate();
    subscribe(handler, { concurrency: 3 });
    inbox.deliver(1);
    inbox.deliver(2);
    await idle();
    const stopped = subscription!.stop();
    let isStopped = false;
    void stopped.then(() => (isStopped = true));
    await idle();
    inbox.deliver(3);
    end(1);
    await idle();
    expect(isStopped).toBe(false);
    end(2);
    await stopped;
    expect([begun, inbox.acked]).toEqual([
      [1, 2],
      ['1.1', '2.1'],
    ]);
    expect(await subscription!.closed).toBeUndefined();
    await subscription!.stop();
  });

  it('ends by a signal too, also one that fired before', async () => {
    const stop = new AbortController();
    const { closed } = subscribe(() => undefined, { signal: stop.signal });
    stop.abort();
    await closed;
    await subscribe(() => undefined, { signal: AbortSignal.abort() }).closed;
    expect(inbox.fetched).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  it('ends while a handler holds the only slot and fails', async () => {
    const { handler, fail } = gate();
    subscribe(handler);
    inbox.deliver(1);
    await idle();
    const stopped = subscription!.stop();
    fail(1);
    await stopped;
    expect(errors).toMatchObject([[{ message: 'no' }, 1]]);
  });
});

it('cannot handle less than one message at a time', () => {
  for (const concurrency of [0, -1, 1.5, NaN])
    expect(() => subscribe(() => undefined, { concurrency })).toThrow(TypeError);
});

it('remembers what was handled, but not for ever', async () => {
  const handled: string[] = [];
  subscribe(({ id }) => void handled.push(id), { concurrency: 100 });
  for (let id = 1; id <= 10_001; id++) inbox.deliver(id);
  while (handled.length < 10_001) await idle();
  for (const id of [1, 2]) inbox.deliver(id, { attempt: 2 });
  await idle();
  expect(handled.slice(10_001)).toEqual([messageIdOf(1)]);
});
