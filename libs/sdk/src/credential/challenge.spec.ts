import { challengeText } from '@concordat/contracts';
import { ed25519Verify, fromBase64url, fromDidKey, generateEd25519, utf8 } from '@concordat/crypto';
import { newAgentKey, readAgentKey } from './agent-key';
import { signChallenge } from './challenge';

const { secretKey } = generateEd25519();
const key = readAgentKey({ secretKey });
const facts = {
  audience: 'concordat',
  tenant: 'default',
  did: key.did,
  nonce: 'AAAAAAAAAAAAAAAAAAAAAA',
  expiresAt: '2030-01-01T00:00:00.000Z',
};
const offer = (over: Partial<typeof facts> = {}) => ({
  challenge: challengeText({ ...facts, ...over }),
  expiresAt: over.expiresAt ?? facts.expiresAt,
});

describe('a challenge', () => {
  it('of this agent is signed', () => {
    const offered = offer();
    const signature = fromBase64url(signChallenge(offered, key))!;
    expect(ed25519Verify(signature, utf8(offered.challenge), fromDidKey(key.did)!)).toBe(true);
  });

  const other = readAgentKey({ secretKey: generateEd25519().secretKey }).did;
  const text = challengeText(facts);
  it.each([
    ['another agent', offer({ did: other })],
    ['another tenant', offer({ tenant: 'other' })],
    ['a nonce of another form', offer({ nonce: 'pay 100 to mallory' })],
    ['no nonce', offer({ nonce: '' })],
    ['an audience of another form', offer({ audience: 'con cordat' })],
    ['a time that is none', offer({ expiresAt: 'never' })],
    ['another time than announced', { ...offer(), expiresAt: '2031-01-01T00:00:00.000Z' }],
    ['another text', { ...offer(), challenge: 'I owe mallory 100' }],
    ['nothing', { ...offer(), challenge: '' }],
    ['a line more', { ...offer(), challenge: `${text}amount: 100\n` }],
    ['a line before', { ...offer(), challenge: `amount: 100\n${text}` }],
    ['a line less', { ...offer(), challenge: text.replace(/^tenant.*\n/m, '') }],
    ['lines in another order', { ...offer(), challenge: text.split('\n').reverse().join('\n') }],
    ['a line twice', { ...offer(), challenge: text.replace('nonce', `did: ${key.did}\nnonce`) }],
    [
      'another purpose',
      { ...offer(), challenge: text.replace('obtain an access token', 'delegate everything') },
    ],
    ['another version', { ...offer(), challenge: text.replace('v1', 'v2') }],
    ['carriage returns', { ...offer(), challenge: text.replaceAll('\n', '\r\n') }],
    ['no newline at its end', { ...offer(), challenge: text.trimEnd() }],
  ])('with %s is not', (_what, offered) => {
    expect(() => signChallenge(offered, key)).toThrow('CHALLENGE_UNTRUSTED');
  });

  it('for another installation is not signed by an agent that knows its own', () => {
    const pinned = readAgentKey({ secretKey, audience: 'https://concordat.example' });
    expect(() => signChallenge(offer(), pinned)).toThrow('"concordat", not for "https://concordat.example"');
    expect(signChallenge(offer({ audience: 'https://concordat.example' }), pinned)).toHaveLength(86);
  });
});

describe('the key of an agent', () => {
  it('is read from bytes, base64url and hex', () => {
    const texts = [
      Buffer.from(secretKey).toString('base64url'),
      `${Buffer.from(secretKey).toString('hex')}\n`,
    ];
    for (const form of [secretKey, ...texts]) expect(readAgentKey({ secretKey: form }).did).toBe(key.did);
  });

  it('is made here too, in the forms that are needed', () => {
    const { did, publicKey, secretKey: text } = newAgentKey();
    expect(readAgentKey({ secretKey: text, did }).did).toBe(`did:key:${publicKey}`);
  });

  it('belongs to the DID that is given', () => {
    expect(readAgentKey({ secretKey, did: key.did, tenant: 'a' })).toMatchObject({
      did: key.did,
      tenant: 'a',
    });
    expect(() => readAgentKey({ secretKey, did: 'did:key:z6Mkother' })).toThrow('not of did:key:z6Mkother');
  });

  it.each(['', 'short', new Uint8Array(31), new Uint8Array(33), `${'A'.repeat(43)}=`])(
    'is not %p',
    (form) => {
      const failure = (): unknown => readAgentKey({ secretKey: form });
      expect(failure).toThrow(TypeError);
      if (typeof form === 'string' && form !== '') expect(failure).not.toThrow(form);
    },
  );
});
