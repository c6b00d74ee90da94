import { randomBytes } from 'node:crypto';
import { toBase64url } from '@concordat/crypto';
import { newAgent } from '@concordat/testing';
import fc from 'fast-check';
import { v7 as uuidV7 } from 'uuid';
import { type DeliveryRef, parseToken, toToken } from './delivery-token';
import { messageIdIn } from './partition';
import { inboxOf } from './queue';

const [own, other] = [newAgent().did, newAgent().did];
const newSecret = () => toBase64url(randomBytes(16));
const group = (topic: string, name: string) =>
  ({ kind: 'group', tenant: 'default', topic, group: name }) as const;
const name = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,30}$/);

const ref: fc.Arbitrary<DeliveryRef> = fc.record({
  id: fc.nat({ max: 255 }).map((partition) => messageIdIn(partition, uuidV7())),
  secret: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => toBase64url(bytes)),
  queue: fc.oneof(
    fc.constant(inboxOf('default', own)),
    fc.tuple(name, name).map(([topic, of]) => group(topic, of)),
  ),
});

describe('a delivery token', () => {
  it('is read by its consumer as the delivery that it was made of', () => {
    fc.assert(fc.property(ref, (given) => expect(parseToken(toToken(given), 'default', own)).toEqual(given)));
  });

  it('can stand in a path or a header as it is', () => {
    fc.assert(fc.property(ref, (given) => expect(toToken(given)).toMatch(/^[A-Za-z0-9._~-]+$/)));
  });

  it('of an inbox / is, in other hands, one of the inbox of that other one', () => {
    const token = toToken({
      queue: inboxOf('default', own),
      id: messageIdIn(0, uuidV7()),
      secret: newSecret(),
    });
    expect(parseToken(token, 'default', other)?.queue).toEqual(inboxOf('default', other));
    expect(parseToken(token, 'acme', own)?.queue).toEqual(inboxOf('acme', own));
  });

  it('of a group / is, in another tenant, one of a group of that tenant', () => {
    const token = toToken({ queue: group('news', 'g'), id: messageIdIn(0, uuidV7()), secret: newSecret() });
    expect(parseToken(token, 'acme', own)?.queue).toEqual({ ...group('news', 'g'), tenant: 'acme' });
  });

  const id = messageIdIn(1, uuidV7());
  const address = (text: string) => toBase64url(Buffer.from(text));
  it.each([
    ['nothing', ''],
    ['dots', '...'],
    ['no secret', id],
    ['an empty secret', `${id}.`],
    ['no id', `.${newSecret()}`],
    ['another id', `msg-x.${newSecret()}`],
    ['an id with a space, which would be two words to a script', `${id} x.${newSecret()}`],
    ['an id with a line break behind it', `${id}\n.${newSecret()}`],
    ['four parts', `${id}.${newSecret()}.${address('topic:a/b')}.x`],
    ['an empty group', `${id}.${newSecret()}.`],
    ['a group that is no base64url', `${id}.${newSecret()}.topic:a/b`],
    ['an inbox where the group should be', `${id}.${newSecret()}.${address(other)}`],
    ['a group without a topic', `${id}.${newSecret()}.${address('topic:/b')}`],
    ['a group of a topic with a path', `${id}.${newSecret()}.${address('topic:a/b/c')}`],
    ['bytes that are no text', `${id}.${newSecret()}.${toBase64url(Buffer.from([0xff, 0xfe, 0x2f]))}`],
  ])('%s / is none', (_, token) => {
    expect(parseToken(token, 'default', own)).toBeUndefined();
  });

  it('whose group is called as none can be / is none, so nothing of it gets into a key', () => {
    for (const text of ['topic:a:i:x/g', 'topic:a/b:c', 'topic:a b/c', 'topic:*/c', 'topic:a\n/c']) {
      const parsed = parseToken(`${id}.${newSecret()}.${address(text)}`, 'default', own);
      expect(parsed).toBeUndefined();
    }
  });

  it('of whatever text / is read without an error', () => {
    const part = fc.oneof(fc.constantFrom(id, '', '.', own), fc.string(), fc.base64String());
    const token = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
    );
    fc.assert(
      fc.property(token, (text) => {
        const parsed = parseToken(text, 'default', own);
        if (parsed) expect(parsed.queue.tenant).toBe('default');
      }),
      { numRuns: 1_000 },
    );
  });
});
