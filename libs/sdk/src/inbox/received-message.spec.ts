import type { Delivery } from '@concordat/contracts';
import { ada, ben, FakeInbox, messageIdOf, refused } from './inbox.fixture';
import { receive, type ReceivedMessage } from './received-message';

let inbox: FakeInbox;
beforeEach(() => (inbox = new FakeInbox()));

async function received(over: Partial<Delivery> = {}): Promise<ReceivedMessage> {
  inbox.deliver(1, over);
  const { items } = await inbox.invoke('inbox.fetch', { count: 1 });
  return receive(items[0]!, inbox.invoke, () => Promise.resolve(null));
}

describe('a message', () => {
  it('says everything but how to acknowledge it', async () => {
    const message = await received();
    expect(message).toMatchObject({
      id: messageIdOf(1),
      from: ada,
      to: ben,
      payload: 1,
      correlationId: 'talk',
    });
    expect(message).not.toHaveProperty('deliveryToken');
  });

  it('is replied to under a name that is its own', async () => {
    const message = await received();
    expect(await message.reply({ answer: 42 })).toMatchObject({ status: 'PENDING' });
    expect(inbox.sent).toEqual([
      {
        ...{ to: ada, type: 'RESPONSE', priority: 'HIGH', payload: { answer: 42 }, correlationId: 'talk' },
        idempotencyKey: `reply-${messageIdOf(1)}`,
      },
    ]);
  });

  it('is replied to elsewhere when it says so, and by its id when it belongs to no conversation', async () => {
    const message = await received({ replyTo: ben, correlationId: null, from: 'apiKey:0123456789abcdef' });
    await message.reply('yes', { type: 'EVENT', priority: 'LOW', ttlSeconds: 9 });
    expect(inbox.sent).toMatchObject([
      { to: ben, correlationId: messageIdOf(1), type: 'EVENT', priority: 'LOW', ttlSeconds: 9 },
    ]);
  });

  it('has one reply', async () => {
    const message = await received();
    await message.reply(1);
    await expect(message.reply(2)).rejects.toThrow('one reply');
    expect(inbox.sent).toHaveLength(1);
  });

  it('that was replied to differently by an earlier handling keeps that reply', async () => {
    inbox.failures['message.send'] = [refused('IDEMPOTENCY_KEY_REUSED', 422)];
    expect(await (await received()).reply('other words')).toBeNull();
  });

  it('whose reply failed can be replied to again', async () => {
    inbox.failures['message.send'] = [refused('INBOX_FULL', 503)];
    const message = await received();
    await expect(message.reply(1)).rejects.toMatchObject({ code: 'INBOX_FULL' });
    expect(await message.reply(1)).not.toBeNull();
  });

  it('of a service has nobody to reply to', async () => {
    await expect((await received({ from: 'apiKey:0123456789abcdef' })).reply(1)).rejects.toThrow(
      'has no inbox',
    );
  });
});
