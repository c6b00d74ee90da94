import { newAgent } from '@concordat/testing';
import fc from 'fast-check';
import {
  everyone,
  inboxOf,
  parseQueueAddress,
  parseQueueName,
  type Queue,
  queueAddress,
  queueName,
} from './queue';

const { did } = newAgent();
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const tenant = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
const queue: fc.Arbitrary<Queue> = fc.oneof(
  fc.record({
    kind: fc.constant('inbox' as const),
    tenant,
    did: fc.constantFrom(did, 'did:web:a.example:b:c'),
  }),
  fc.record({ kind: fc.constant('group' as const), tenant, topic: name, group: name }),
);

describe('the name of a queue', () => {
  it('is read as the queue that it was made of', () => {
    fc.assert(fc.property(queue, (given) => expect(parseQueueName(queueName(given))).toEqual(given)));
  });

  it('has one word, because scripts put the id of a message behind it', () => {
    fc.assert(fc.property(queue, (given) => expect(queueName(given)).not.toMatch(/\s/)));
  });

  it('is another one in every tenant, and never that of the bell for everybody', () => {
    expect(queueName(inboxOf('a', did))).not.toBe(queueName(inboxOf('b', did)));
    fc.assert(fc.property(queue, (given) => expect(queueName(given)).not.toBe(everyone(given.tenant))));
  });

  it.each(['', 'a', 'a:', 'a:i:', ':i:did:key:z', 'a:x:b', 'a:t:topic', 'a:t::group', 'a:t:topic:', 'a:*'])(
    '%p / is that of no queue',
    (text) => {
      expect(parseQueueName(text)).toBeUndefined();
    },
  );
});

describe('the address of a queue', () => {
  it('is read in its tenant as the queue that it was made of', () => {
    fc.assert(
      fc.property(queue, (given) => {
        expect(parseQueueAddress(given.tenant, queueAddress(given))).toEqual(given);
      }),
    );
  });

  it.each(['', '*', 'topic:', 'topic:a', 'topic:a/', 'topic:/b', 'topic:a/b/c', 'TOPIC:a/b', 'a/b'])(
    '%p / is that of no queue',
    (text) => {
      expect(parseQueueAddress('default', text)).toBeUndefined();
    },
  );
});
