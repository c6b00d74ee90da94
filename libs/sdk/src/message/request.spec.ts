import { FakeClock } from '../clock.fixture';
import { ada, ben, FakeInbox, refused } from '../inbox/inbox.fixture';
import type { MessageHandler } from '../inbox/subscribe-options';
import { Subscription } from '../inbox/subscription';
import { Replies } from './replies';
import { type Request, request, type RequestOptions } from './request';

let inbox: FakeInbox;
let clock: FakeClock;
let replies: Replies;
let handled: unknown[];
let subscription: Subscription;
beforeEach(() => {
  inbox = new FakeInbox();
  clock = new FakeClock();
  replies = new Replies();
  handled = [];
});
afterEach(() => subscription?.stop());

function read(handler: MessageHandler = ({ payload }) => handled.push(payload)): void {
  const { invoke, fetch } = inbox;
  const onError = (): void => undefined;
  subscription = new Subscription({ invoke, fetch, clock, random: () => 1, replies }, handler, { onError });
}
const ask = (over: Partial<Request> = {}, options?: RequestOptions) =>
  request({ invoke: inbox.invoke, clock, replies }, { to: ada, payload: '6 × 7?', ...over }, options);
const answer = (id: number, correlationId: string, over: object = {}): void =>
  inbox.deliver(id, { type: 'RESPONSE', correlationId, from: ada, ...over });

/** Lets everything go on that can. */
const idle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
};

describe('a request', () => {
  it('gets the response with its correlation id, which nobody else sees', async () => {
    read();
    const reply = ask();
    await idle();
    const correlationId = inbox.sent[0]!.correlationId!;
    expect(inbox.sent).toMatchObject([{ to: ada, type: 'QUERY', payload: '6 × 7?', ttlSeconds: 30 }]);
    inbox.deliver(1);
    answer(2, correlationId);
    expect(await reply).toMatchObject({ payload: 2, from: ada, type: 'RESPONSE' });
    expect(await reply).not.toHaveProperty('deliveryToken');
    await idle();
    expect([handled, [...inbox.acked].sort()]).toEqual([[1], ['1.1', '2.1']]);
  });

  it('shares the reader with others', async () => {
    read();
    const both = Promise.all([ask({ correlationId: 'a' }), ask({ correlationId: 'b' })]);
    answer(1, 'b');
    answer(2, 'a');
    expect((await both).map(({ payload }) => payload)).toEqual([2, 1]);
  });

  it('of a handler is answered, though that handler holds the only slot', async () => {
    read(async ({ payload }) => {
      if (payload === 1) handled.push((await ask({ correlationId: 'a' })).payload);
      else handled.push(payload);
    });
    inbox.deliver(1);
    await idle();
    for (const id of [2, 3]) inbox.deliver(id);
    await idle();
    expect(handled).toEqual([]);
    answer(4, 'a');
    await idle();
    expect(handled).toEqual([4, 2, 3]);
  });

  it.each([
    ['of another type', { type: 'EVENT' }],
    ['of another conversation', { correlationId: 'b' }],
    ['of somebody who was not asked', { from: ben }],
  ])('is not answered by a message %s, which goes to the handler', async (_what, over) => {
    read();
    const reply = ask({ correlationId: 'a' });
    answer(1, 'a', over);
    await idle();
    answer(2, 'a');
    expect([handled, (await reply).payload]).toEqual([[1], 2]);
  });

  it('to a topic is answered by whoever is first, and what comes later is dropped', async () => {
    read();
    const reply = ask({ to: 'topic:news', correlationId: 'a' });
    answer(1, 'a', { from: ben });
    expect(await reply).toMatchObject({ payload: 1, from: ben });
    answer(2, 'a');
    await idle();
    expect([handled, inbox.acked]).toEqual([[], ['1.1', '2.1']]);
  });

  it('that is not answered in time fails, and a late reply is acknowledged and dropped', async () => {
    read();
    const reply = ask({ correlationId: 'a' }, { timeoutMs: 2_500 });
    await idle();
    expect(inbox.sent).toMatchObject([{ ttlSeconds: 3 }]);
    clock.advance(2_500);
    await expect(reply).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    answer(1, 'a');
    await idle();
    expect([handled, inbox.acked]).toEqual([[], ['1.1']]);
  });

  it('that the bus refuses fails at once, and can be made again', async () => {
    read();
    inbox.failures['message.send'] = [refused('RECIPIENT_UNKNOWN', 404)];
    await expect(ask({ correlationId: 'a' })).rejects.toMatchObject({ code: 'RECIPIENT_UNKNOWN' });
    const reply = ask({ correlationId: 'a' });
    answer(1, 'a');
    expect(await reply).toMatchObject({ payload: 1 });
  });

  it('ends with the reason of its signal', async () => {
    read();
    const giveUp = new AbortController();
    const reply = ask({}, { signal: giveUp.signal });
    giveUp.abort(new Error('enough'));
    await expect(reply).rejects.toThrow('enough');
  });

  it('ends with the last reader of the inbox', async () => {
    read();
    const reply = ask();
    const ended = expect(reply).rejects.toThrow('subscription of the inbox has ended');
    await subscription.stop();
    await ended;
  });

  it('needs a reader of the inbox, and a correlation id of its own', async () => {
    await expect(ask()).rejects.toThrow('call inbox.subscribe');
    read();
    const first = ask({ correlationId: 'a' });
    await expect(ask({ correlationId: 'a' })).rejects.toThrow('another request');
    answer(1, 'a');
    expect(await first).toMatchObject({ payload: 1 });
  });
});
