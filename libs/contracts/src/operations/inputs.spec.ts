import { limits } from '../limits';
import { operations } from './index';

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const other = 'did:key:z6MkjchhfUsD6mmvni8mCdXHw216Xrm9bQe2mBH1P5RDjVJG';

describe('registering an agent', () => {
  const { input } = operations['agent.register'];
  const valid = { name: 'Ada', type: 'CLAUDE', publicKey: did.slice('did:key:'.length) };

  it('takes a key in multibase or in hex', () => {
    expect(input.parse(valid)).toEqual({ ...valid, didMethod: 'key' });
    expect(input.safeParse({ ...valid, publicKey: 'aB'.repeat(32) }).success).toBe(true);
    for (const publicKey of ['', 'z', did, 'aB'.repeat(31), 'zz'.repeat(32), `${valid.publicKey}\n`])
      expect(input.safeParse({ ...valid, publicKey }).success).toBe(false);
  });

  it('trims the name, which is not empty then', () => {
    expect(input.parse({ ...valid, name: '  Ada ' }).name).toBe('Ada');
    for (const name of ['', '   ', 'x'.repeat(129)])
      expect(input.safeParse({ ...valid, name }).success).toBe(false);
  });

  it('takes no name that would steer a terminal, while such a name of old is still found', () => {
    const name = 'Ada\u001b[2J';
    expect(input.safeParse({ ...valid, name }).success).toBe(false);
    const key = { name, scopes: ['read'] };
    expect(operations['apiKey.create'].input.safeParse(key).success).toBe(false);
    expect(operations['agent.list'].input.safeParse({ name }).success).toBe(true);
  });

  it('takes metadata up to its limit in bytes of JSON', () => {
    const ofSize = (size: number) => ({ a: 'é'.repeat((size - '{"a":""}'.length) / 2) });
    expect(input.safeParse({ ...valid, metadata: ofSize(limits.metadataBytes) }).success).toBe(true);
    expect(input.safeParse({ ...valid, metadata: ofSize(limits.metadataBytes + 2) }).success).toBe(false);
  });
});

describe('sending a message', () => {
  const { input } = operations['message.send'];
  const valid = { to: did, type: 'COMMAND', payload: { do: 'it' } };

  it('is of normal priority unless told otherwise', () => {
    expect(input.parse(valid)).toEqual({ ...valid, priority: 'NORMAL' });
  });

  it.each([null, 0, '', [], {}, [[null]], 'text'])('takes the payload %j', (payload) => {
    expect(input.parse({ ...valid, payload }).payload).toEqual(payload);
  });

  it('needs a payload', () => {
    expect(input.safeParse({ to: did, type: 'COMMAND' }).success).toBe(false);
  });

  it('lives from one second to thirty days', () => {
    for (const ttlSeconds of [1, limits.messageTtlSeconds])
      expect(input.safeParse({ ...valid, ttlSeconds }).success).toBe(true);
    for (const ttlSeconds of [0, -1, 1.5, limits.messageTtlSeconds + 1, '60'])
      expect(input.safeParse({ ...valid, ttlSeconds }).success).toBe(false);
  });
});

describe('acknowledging', () => {
  it('takes from one to a hundred tokens', () => {
    const { input } = operations['inbox.ack'];
    const tokens = (count: number) => ({ tokens: Array.from({ length: count }, (_, i) => `token-${i}`) });
    for (const count of [1, 100]) expect(input.safeParse(tokens(count)).success).toBe(true);
    for (const count of [0, 101]) expect(input.safeParse(tokens(count)).success).toBe(false);
    for (const token of ['', 'a b', 'a/b', 'a'.repeat(401)])
      expect(input.safeParse({ tokens: [token] }).success).toBe(false);
  });
});

describe('fetching an inbox', () => {
  it('without a word takes ten messages at once for thirty seconds', () => {
    expect(operations['inbox.fetch'].input.parse({})).toEqual({
      count: 10,
      waitSeconds: 0,
      leaseSeconds: 30,
    });
  });
});

describe('writing a memory', () => {
  const { input } = operations['memory.put'];
  const valid = { persona: 'communal', key: 'notes', content: [1] };

  it.each(['0', '7', '"7"', '9999999999'])('takes the version %s to match', (ifMatch) => {
    expect(input.parse({ ...valid, ifMatch })).toEqual({ ...valid, ifMatch });
  });

  it.each(['', '07', '-1', '*', 'W/"7"', '1.0', '99999999999', '7\n'])(
    'refuses the version %j',
    (ifMatch) => {
      expect(input.safeParse({ ...valid, ifMatch }).success).toBe(false);
    },
  );
});

describe('granting a consent', () => {
  it('is for one or two scopes and at most a year', () => {
    const { input } = operations['consent.grant'];
    const valid = { persona: did, grantee: other, scopes: ['read'] };
    expect(input.parse(valid)).toEqual(valid);
    expect(input.safeParse({ ...valid, persona: 'communal' }).success).toBe(false);
    for (const scopes of [[], ['admin'], ['read', 'write', 'read']])
      expect(input.safeParse({ ...valid, scopes }).success).toBe(false);
    for (const expiresInSeconds of [0, 31_536_001])
      expect(input.safeParse({ ...valid, expiresInSeconds }).success).toBe(false);
  });
});

describe('trading a challenge', () => {
  it('takes a signature of 64 bytes', () => {
    const { input } = operations['auth.token'];
    const valid = { challengeId: 'c', signature: 'A'.repeat(86) };
    expect(input.parse(valid)).toEqual(valid);
    for (const signature of ['', 'A'.repeat(85), 'A'.repeat(87), `${'A'.repeat(84)}==`, `${'A'.repeat(85)}+`])
      expect(input.safeParse({ ...valid, signature }).success).toBe(false);
  });
});

describe('a tile', () => {
  const { input } = operations['audit.tile'];

  it.each(['000', 'x001/x234/067', '273.p/1', '273.p/255', 'x001/000.p/99'])('has the index %s', (index) => {
    expect(input.safeParse({ level: '0', index }).success).toBe(true);
  });

  it.each(['', '0', '../000', '000/', '000.p/0', '000.p/256', 'x001', '000\n', `${'x001/'.repeat(26)}000`])(
    'has no index %j',
    (index) => {
      expect(input.safeParse({ level: '0', index }).success).toBe(false);
    },
  );

  it('is of a level from 0 to 63, or of the entries', () => {
    for (const level of ['0', '9', '10', '63', 'entries'])
      expect(input.safeParse({ level, index: '000' }).success).toBe(true);
    for (const level of ['', '00', '64', '-1', 'Entries', '1\n'])
      expect(input.safeParse({ level, index: '000' }).success).toBe(false);
  });
});
