import { AgentRevoked, MessageAccepted, MessageDelivered, MessagesDelivered } from '@concordat/contracts';
import { ClosedEvents } from './closed-events';
import type { StoredEvent } from './event-pages';

const at = 1_000_000_000n;
const closed = ({ type }: { type: string }, subject: string): ClosedEvents => {
  const events = new ClosedEvents();
  events.note({ type, tenant: 'one', subject, timeUs: at } as StoredEvent);
  return events;
};
const message = { tenant: 'one', fromAgent: 'did:alice', toAgent: 'did:bob', timestampUs: at };

describe('closed events may tell of a message', () => {
  it('when they are about its recipient, in its tenant, and came after it was accepted', () => {
    const events = closed(MessagesDelivered, 'did:bob');
    expect(events.mayTellOf(message)).toBe(true);
    expect(events.mayTellOf({ ...message, timestampUs: null })).toBe(true);
    for (const over of [
      { toAgent: 'did:carol' },
      { tenant: 'two' },
      { fromAgent: 'did:bob', toAgent: 'did:alice' },
      { timestampUs: at + 60_000_001n },
    ])
      expect(events.mayTellOf({ ...message, ...over })).toBe(false);
  });

  it('when it went to a topic and they are about whoever may have got it', () => {
    expect(closed(MessagesDelivered, 'did:bob').mayTellOf({ ...message, toAgent: 'orders' })).toBe(true);
    expect(new ClosedEvents().mayTellOf({ ...message, toAgent: 'orders' })).toBe(false);
  });

  it('when they are about its sender, as the bus told it before', () => {
    expect(closed(MessageDelivered, 'did:alice').mayTellOf(message)).toBe(true);
    expect(closed(MessageDelivered, 'did:bob').mayTellOf(message)).toBe(false);
  });

  it('not when they are acceptances, or of something else', () => {
    for (const spec of [MessageAccepted, AgentRevoked])
      expect(closed(spec, 'did:bob').mayTellOf(message)).toBe(false);
  });
});
