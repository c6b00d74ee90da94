import { FakeClock } from '../clock.fixture';
import { FakeInbox, refused } from './inbox.fixture';
import type { ReceivedMessage } from './received-message';
import type { MessageHandler, SubscribeOptions } from './subscribe-options';
import { Subscription } from './subscription';

let inbox: FakeInbox;
let clock: FakeClock;
let errors: unknown[];
let subscription: Subscription;
beforeEach(() => {
  inbox = new FakeInbox();
  clock = new FakeClock();
  errors = [];
});

function subscribe(handler: MessageHandler, options: SubscribeOptions = {}): void {
  const { invoke, fetch } = inbox;
  const onError = (error: unknown): void => void errors.push(error);
  subscription = new Subscription({ invoke, fetch, clock, random: () => 1 }, handler, {
    onError,
    ...options,
  });
}

/** Lets everything go on that can. */
const idle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

/** A handler that ends when it is told to. */
function slow(): { handler: MessageHandler; end(): void } {
  const ends: (() => void)[] = [];
  return {
    handler: () => new Promise<void>((resolve) => ends.push(resolve)),
    end: () => ends.shift()!(),
  };
}

describe('a message that is handled', () => {
  it('keeps its lease until the handler ends', async () => {
    const { handler, end } = slow();
    subscribe(handler, { leaseSeconds: 30 });
    inbox.deliver(1);
    await idle();
    for (const _ of [1, 2]) {
      clock.advance(10_000);
      await idle();
    }
    expect(inbox.extended).toEqual(['1.1', '1.1']);
    end();
    await idle();
    clock.advance(10_000);
    await idle();
    expect([inbox.extended.length, inbox.acked]).toEqual([2, ['1.1']]);
    await subscription.stop();
  });

  it('keeps it under the newest token, and not for ever', async () => {
    const { handler, end } = slow();
    subscribe(handler, { concurrency: 2, leaseSeconds: 30, holdSeconds: 15 });
    inbox.deliver(1);
    await idle();
    inbox.deliver(1, { attempt: 2 });
    await idle();
    clock.advance(10_000);
    await idle();
    clock.advance(10_000);
    await idle();
    expect(inbox.extended).toEqual(['1.2']);
    end();
    await subscription.stop();
  });

  it('goes on when its lease cannot be extended, which is said unless it was lost', async () => {
    inbox.failures['inbox.extend'] = [
      refused('DELIVERY_TOKEN_STALE', 409),
      refused('SERVICE_UNAVAILABLE', 503),
    ];
    const { handler, end } = slow();
    subscribe(handler);
    inbox.deliver(1);
    await idle();
    for (const _ of [1, 2, 3]) {
      clock.advance(10_000);
      await idle();
    }
    expect([errors, inbox.extended]).toMatchObject([[{ code: 'SERVICE_UNAVAILABLE' }], ['1.1']]);
    end();
    await subscription.stop();
  });
});

describe('a message that its handler gives back', () => {
  const giveBack = async (message: ReceivedMessage): Promise<unknown> =>
    message.nack({ delaySeconds: 60, reason: 'the library is closed' });

  it('is neither acknowledged nor held, and says what became of it', async () => {
    const outcomes: unknown[] = [];
    subscribe(async (message) => void outcomes.push(await giveBack(message)));
    inbox.deliver(1);
    await idle();
    expect(inbox.nacked).toEqual([{ token: '1.1', delaySeconds: 60, reason: 'the library is closed' }]);
    expect([outcomes, inbox.acked, errors]).toEqual([['returned'], [], []]);
    await subscription.stop();
  });

  it('is given back once, also when the handler fails afterwards', async () => {
    subscribe(async (message) => {
      await giveBack(message);
      await giveBack(message);
    });
    inbox.deliver(1);
    await idle();
    expect([inbox.nacked.length, errors]).toMatchObject([
      1,
      [{ message: 'The message was given back before.' }],
    ]);
    await subscription.stop();
  });

  it('and that comes again while the handler still runs is handled again', async () => {
    const { handler, end } = slow();
    const attempts: number[] = [];
    subscribe(
      async (message) => {
        attempts.push(message.attempt);
        if (message.attempt > 1) return;
        await giveBack(message);
        await handler(message);
      },
      { concurrency: 2 },
    );
    inbox.deliver(1);
    await idle();
    inbox.deliver(1, { attempt: 2 });
    await idle();
    end();
    await subscription.stop();
    expect([attempts, inbox.acked]).toEqual([[1, 2], ['1.2']]);
  });

  it('whose lease had ended comes again anyway', async () => {
    inbox.failures['inbox.nack'] = [refused('DELIVERY_TOKEN_STALE', 409)];
    const outcomes: unknown[] = [];
    subscribe(async (message) => void outcomes.push(await message.nack()));
    inbox.deliver(1);
    await idle();
    expect([outcomes, errors]).toEqual([[null], []]);
    await subscription.stop();
  });
});

describe('the reason of a handler that fails', () => {
  it.each([
    ['is cut where the gateway would refuse it', 'x'.repeat(300), 'x'.repeat(256)],
    ['is not cut within a character', `${'x'.repeat(255)}😀`, `${'x'.repeat(255)}\ufffd`],
    ['is left out where there is none', '', undefined],
  ])('%s', async (_title, message, reason) => {
    subscribe(() => Promise.reject(new Error(message)));
    inbox.deliver(1);
    await idle();
    expect(inbox.nacked).toEqual([{ token: '1.1', ...(reason !== undefined && { reason }) }]);
    await subscription.stop();
  });

  it('that cannot be delivered is said, and the message waits for the end of its lease', async () => {
    inbox.failures['inbox.nack'] = [refused('SERVICE_UNAVAILABLE', 503)];
    subscribe(() => Promise.reject(new Error('no')));
    inbox.deliver(1);
    await idle();
    expect(errors).toMatchObject([{ message: 'no' }, { code: 'SERVICE_UNAVAILABLE' }]);
    await subscription.stop();
  });
});
