import fc from 'fast-check';
import { utf8 } from './bytes';
import { generateEd25519 } from './ed25519';
import { messageSigningText, type SignedMessage } from './message-signature';
import { ed25519Signer, verifySignatures } from './signing';

const full: Required<SignedMessage> = {
  ...{ from: 'did:key:z6MkA', to: 'did:key:z6MkB', type: 'TASK', payload: { b: 1, a: [true, null] } },
  ...{ priority: 'HIGH', correlationId: 'c', replyTo: 'did:key:z6MkC', ttlSeconds: 60 },
  ...{ delaySeconds: 5, key: 'order-7' },
};

const text = fc.string({ maxLength: 12 });
const seconds = fc.option(fc.integer({ min: 0, max: 100 }));
const message = fc.record<SignedMessage>({
  ...{ from: text, to: text, type: text, payload: fc.jsonValue({ maxDepth: 2 }) },
  ...{ priority: fc.constantFrom('URGENT', 'HIGH', 'NORMAL', 'LOW'), correlationId: fc.option(text) },
  ...{ replyTo: fc.option(text), ttlSeconds: seconds, delaySeconds: seconds, key: fc.option(text) },
});

describe('the text of a signed message', () => {
  it('names its purpose, and is the canonical JSON of all that the sender decides', () => {
    expect(messageSigningText(full)).toBe(
      'concordat message v1\n{"correlationId":"c","delaySeconds":5,"from":"did:key:z6MkA","key":"order-7",' +
        '"payload":{"a":[true,null],"b":1},"priority":"HIGH","replyTo":"did:key:z6MkC","to":"did:key:z6MkB",' +
        '"ttlSeconds":60,"type":"TASK"}',
    );
  });

  it('says the same of what is left out as of what its recipient gets: null, and NORMAL', () => {
    const { from, to, type, payload } = full;
    const none = { correlationId: null, replyTo: null, ttlSeconds: null, delaySeconds: null, key: null };
    expect(messageSigningText({ from, to, type, payload })).toBe(
      messageSigningText({ from, to, type, payload, priority: 'NORMAL', ...none }),
    );
  });

  it('does not depend on the order of members, and on nothing that it does not vouch for', () => {
    const reversed = Object.fromEntries(Object.entries(full).reverse()) as unknown as SignedMessage;
    expect(messageSigningText({ ...reversed, ...{ schema: 'TASK/1' } })).toBe(messageSigningText(full));
  });

  it('is another one for every other message', () => {
    const same = (a: SignedMessage, b: SignedMessage) =>
      JSON.stringify(sorted(a)) === JSON.stringify(sorted(b));
    fc.assert(
      fc.property(message, message, (a, b) => {
        expect(messageSigningText(a) === messageSigningText(b)).toBe(same(a, b));
      }),
    );
  });
});

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return Object.is(value, -0) ? 0 : value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([name, member]) => [name, sorted(member)]);
}

describe('a signature over a message', () => {
  const signer = ed25519Signer(generateEd25519().secretKey);
  const sign = (signed: SignedMessage) => signer.sign(utf8(messageSigningText(signed)));
  const holds = async (signed: SignedMessage, seen: SignedMessage) =>
    verifySignatures(utf8(messageSigningText(seen)), await sign(signed), signer.publicKeys);

  it('holds for the message', async () => {
    expect(await holds(full, { ...full })).toBe(true);
  });

  it.each(Object.keys(full) as (keyof SignedMessage)[])(
    'does not hold when %s has changed',
    async (field) => {
      const changed = {
        ...full,
        [field]: typeof full[field] === 'number' ? full[field] + 1 : `${full[field]}x`,
      };
      expect(await holds(full, changed)).toBe(false);
    },
  );

  it.each(['correlationId', 'replyTo', 'ttlSeconds', 'delaySeconds', 'key'] as const)(
    'does not hold when %s was taken away',
    async (field) => {
      expect(await holds(full, { ...full, [field]: undefined })).toBe(false);
    },
  );

  it('does not hold without its purpose line: a text that was signed for something else is no message', async () => {
    const [, json] = messageSigningText(full).split('\n');
    const signatures = await signer.sign(utf8(json!));
    expect(verifySignatures(utf8(messageSigningText(full)), signatures, signer.publicKeys)).toBe(false);
  });
});
