import { FakeClock } from '../clock.fixture';
import { FakeInbox } from './inbox.fixture';
import type { MessageHandler } from './subscribe-options';
import { Subscription } from './subscription';

const inbox = (): FakeInbox => {
  const made = new FakeInbox();
  made.deliver(1);
  made.deliver(2);
  return made;
};
const subscribe = ({ invoke, fetch }: FakeInbox, handler: MessageHandler): Subscription =>
  new Subscription({ invoke, fetch, clock: new FakeClock(), random: () => 1 }, handler, { concurrency: 2 });

interface Gate {
  readonly open: () => void;
  readonly opened: Promise<void>;
}
function gate(): Gate {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { open, opened };
}

/** Lets everything go on that can. */
const idle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

describe('a subscription that its handlers stop', () => {
  it('does not wait for them, and acknowledges what they handled', async () => {
    const order: unknown[] = [];
    const its = inbox();
    const subscription = subscribe(its, async ({ payload }) => {
      await new Promise(setImmediate);
      await subscription.stop();
      order.push(payload);
    });
    expect(await subscription.closed).toBeUndefined();
    expect([order, its.acked]).toEqual([
      [1, 2],
      ['1.1', '2.1'],
    ]);
  });

  it('waits like for everybody when the handler that left the call behind has ended', async () => {
    const [slow, left] = [gate(), gate()];
    const its = inbox();
    let leftBehind: Promise<void> | undefined;
    const subscription = subscribe(its, ({ payload }) => {
      if (payload === 2) return slow.opened;
      leftBehind = left.opened.then(() => subscription.stop());
      return undefined;
    });
    await idle();
    let isStopped = false;
    left.open();
    void leftBehind!.then(() => (isStopped = true));
    await idle();
    expect([isStopped, its.acked]).toEqual([false, ['1.1']]);
    slow.open();
    await leftBehind;
    expect(its.acked).toEqual(['1.1', '2.1']);
  });
});
