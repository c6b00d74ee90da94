import { policyDocument, policyRequest, type PolicyRequest, type PolicySource } from '@concordat/contracts';
import { networksOf } from './networks';
import { compilePolicies } from './policy-set';
import { standsAs } from './relationships';

type RuleSource = PolicySource['rules'][number];
type Parts = { subject?: object; resource?: object; context?: object };

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const requestOf = ({ subject, resource, context }: Parts): PolicyRequest =>
  policyRequest.parse({
    action: 'agent.get',
    subject: { kind: 'agent', id: did, tenant: 'default', ...subject },
    resource: { type: 'agent', tenant: 'default', ...resource },
    context: { time: '2026-01-01T12:00:00Z', ...context },
  });
/** Whether a rule that says this matches, by its effect. */
const matches = (
  effect: 'allow' | 'deny',
  rule: Omit<RuleSource, 'id' | 'effect' | 'actions'>,
  parts: Parts,
) => {
  const document = policyDocument.parse({
    ...{ id: 'p', description: 'One rule.' },
    rules: [{ id: 'r', effect, actions: ['*'], ...rule }],
  });
  return compilePolicies([{ ...document, version: 1 }]).decide(requestOf(parts)).rule !== null;
};

describe('an absent fact never helps the caller', () => {
  it.each([
    ['an address', { conditions: { networks: ['10.0.0.0/8'] } }],
    ['the lack of an address', { unless: { networks: ['10.0.0.0/8'] } }],
    ['a type', { subjects: { types: ['CLAUDE'] } }],
    ['that it is verified', { subjects: { verified: true } }],
    ['that it is not verified', { subjects: { verified: false } }],
  ])('a rule asks for %s: it does not allow, and it denies', (_, rule) => {
    expect(matches('allow', rule, {})).toBe(false);
    expect(matches('deny', rule, {})).toBe(true);
  });

  it('a time that is none', () => {
    for (const conditions of [
      { notBefore: '2020-01-01T00:00:00Z' },
      { time: { from: '00:00', to: '23:59' } },
    ]) {
      const document = (effect: 'allow' | 'deny') => ({
        ...policyDocument.parse({
          ...{ id: 'p', description: 'One rule.' },
          rules: [{ id: 'r', effect, actions: ['*'], conditions }],
        }),
        version: 1,
      });
      const request = { ...requestOf({}), context: { time: 'noon', ip: null } };
      expect(compilePolicies([document('allow')]).decide(request).rule).toBeNull();
      expect(compilePolicies([document('deny')]).decide(request).rule).toBe('p/r');
    }
  });
});

describe('types and verification', () => {
  it('are of agents: a rule about them means nobody else', () => {
    const parts = { subject: { kind: 'user', id: 'ada', type: 'CLAUDE', verified: true } };
    for (const effect of ['allow', 'deny'] as const) {
      expect(matches(effect, { subjects: { types: ['CLAUDE'] } }, parts)).toBe(false);
      expect(matches(effect, { subjects: { verified: true } }, parts)).toBe(false);
    }
    expect(matches('allow', { subjects: { types: ['CLAUDE'] } }, { subject: { type: 'CLAUDE' } })).toBe(true);
  });
});

describe('who is meant', () => {
  const anonymous = { subject: { kind: 'anonymous', id: 'anonymous' } };

  it('a rule that allows means those with a credential, unless it names others', () => {
    expect(matches('allow', {}, anonymous)).toBe(false);
    expect(matches('allow', {}, { subject: { kind: 'service', id: 'bus' } })).toBe(false);
    expect(matches('allow', { subjects: { kinds: ['anonymous'] } }, anonymous)).toBe(true);
    expect(matches('deny', {}, anonymous)).toBe(true);
  });

  it('roles are of people: agents, keys and strangers do not get them by saying so', () => {
    const admins = { subjects: { roles: ['admin' as const] } };
    for (const kind of ['agent', 'apiKey', 'anonymous', 'service'])
      expect(matches('allow', admins, { subject: { kind, roles: ['admin'] } })).toBe(false);
    expect(matches('allow', admins, { subject: { kind: 'user', roles: ['admin'] } })).toBe(true);
    expect(matches('allow', { subjects: { roles: ['service'] } }, { subject: { kind: 'apiKey' } })).toBe(
      true,
    );
  });

  it('admin is also read and write, and nothing more', () => {
    const holds = (needed: 'read' | 'write' | 'governance') =>
      matches('allow', { subjects: { scopes: [needed] } }, { subject: { scopes: ['admin'] } });
    expect([holds('read'), holds('write'), holds('governance')]).toEqual([true, true, false]);
  });

  it('an id is of a kind', () => {
    const rule = { subjects: { ids: ['user:ada', 'apiKey:constructor'] } };
    expect(matches('allow', rule, { subject: { kind: 'user', id: 'ada' } })).toBe(true);
    expect(matches('allow', rule, { subject: { kind: 'apiKey', id: 'ada' } })).toBe(false);
    expect(matches('allow', rule, { subject: { kind: 'user', id: 'constructor' } })).toBe(false);
  });
});

describe('a relationship', () => {
  const other = 'did:key:z6MknGc3ocHs3zdPiJbnaaqDi58NGb4pk1Sp9WxWufuXSdxf';
  const user = { kind: 'user', id: 'ada' };
  const stands = (name: 'self' | 'owner' | 'controller' | 'delegate', parts: Parts) =>
    matches('allow', { relationship: [name] }, parts);

  it('self is the same thing of the same kind', () => {
    expect(stands('self', { resource: { id: did } })).toBe(true);
    expect(stands('self', { resource: { id: other } })).toBe(false);
    expect(stands('self', { resource: {} })).toBe(false);
    expect(stands('self', { subject: user, resource: { type: 'apiKey', id: 'ada' } })).toBe(false);
  });

  it('owner is named with its kind', () => {
    expect(stands('owner', { subject: user, resource: { owner: 'user:ada' } })).toBe(true);
    for (const owner of ['apiKey:ada', 'user:xada', 'user:adax', 'user:ad', null])
      expect(stands('owner', { subject: user, resource: { owner } })).toBe(false);
    expect(stands('owner', { subject: { kind: 'user', id: 'r:ada' }, resource: { owner: 'user:ada' } })).toBe(
      false,
    );
  });

  it('owner is not what merely looks like it', () => {
    const request = requestOf({ subject: user });
    for (const owner of ['uSer:ada', 'user-ada', 'user:ada ', 'ada', ''])
      expect(standsAs.owner({ ...request, resource: { ...request.resource, owner } })).toBe(false);
  });

  it('controller is an agent anywhere above', () => {
    expect(stands('controller', { resource: { id: other, controllers: [other, did] } })).toBe(true);
    expect(stands('controller', { resource: { id: other, controllers: [other] } })).toBe(false);
    const namesake = { kind: 'user', id: did };
    expect(stands('controller', { subject: namesake, resource: { controllers: [did] } })).toBe(false);
  });

  it('delegate acts for the agent, or for the owner of the thing', () => {
    const subject = { delegators: [other] };
    expect(stands('delegate', { subject, resource: { id: other } })).toBe(true);
    expect(stands('delegate', { subject, resource: { type: 'memory', owner: `agent:${other}` } })).toBe(true);
    expect(stands('delegate', { subject, resource: { type: 'memory', id: other } })).toBe(false);
    expect(stands('delegate', { subject, resource: { id: did } })).toBe(false);
  });
});

describe('a time window', () => {
  // 1 January 2026 is a Thursday.
  it.each([
    ['2026-01-01T07:59:59Z', false],
    ['2026-01-01T08:00:00Z', true],
    ['2026-01-01T17:59:59.999Z', true],
    ['2026-01-01T18:00:00Z', false],
    ['2026-01-02T12:00:00Z', false],
  ])('on thursdays from 08:00 to 18:00 at %s: %p', (time, expected) => {
    const conditions = { time: { days: ['thu' as const], from: '08:00', to: '18:00' } };
    expect(matches('allow', { conditions }, { context: { time } })).toBe(expected);
  });

  it.each([
    ['2026-01-01T21:59:00Z', false],
    ['2026-01-01T22:00:00Z', true],
    ['2026-01-02T05:59:59Z', true],
    ['2026-01-02T06:00:00Z', false],
    ['2026-01-02T22:30:00Z', false],
    ['2026-01-01T02:00:00Z', false],
  ])('in the night that begins on a thursday at %s: %p', (time, expected) => {
    const conditions = { time: { days: ['thu' as const], from: '22:00', to: '06:00' } };
    expect(matches('allow', { conditions }, { context: { time } })).toBe(expected);
  });

  it('begins with notBefore and ends before notAfter', () => {
    const conditions = { notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-02-01T00:00:00Z' };
    const at = (time: string) => matches('allow', { conditions }, { context: { time } });
    expect(at('2025-12-31T23:59:59.999Z')).toBe(false);
    expect(at('2026-01-01T00:00:00Z')).toBe(true);
    expect(at('2026-01-31T23:59:59.999Z')).toBe(true);
    expect(at('2026-02-01T00:00:00Z')).toBe(false);
  });
});

describe('networks', () => {
  const within = networksOf(['10.0.0.0/8', '192.0.2.1/32', '2001:db8::/32', '::1/128']);

  it.each([
    ['10.255.0.1', 2],
    ['::ffff:10.1.1.1', 2],
    ['::FFFF:0a01:0101', 2],
    ['0:0:0:0:0:ffff:10.1.1.1', 2],
    ['192.0.2.1', 2],
    ['2001:0db8:0:0::7', 2],
    ['2001:db8::7%eth0', 2],
    ['::1', 2],
    ['11.0.0.1', 0],
    ['192.0.2.2', 0],
    ['2001:db9::1', 0],
    ['::10.1.1.1', 0],
    [null, 1],
    ['', 1],
    ['localhost', 1],
    ['10.1', 1],
    ['010.1.1.1', 1],
    ['10.1.1.1, 10.2.2.2', 1],
    ['__proto__', 1],
  ])('of %p are asked the address, not its spelling: %p', (ip, certainty) => {
    expect(within(ip)).toBe(certainty);
    expect(within(ip)).toBe(certainty);
  });

  it('of IPv6 hold no IPv4, however it is dressed', () => {
    const all6 = networksOf(['::/0']);
    expect(all6('10.0.0.1')).toBe(all6('::ffff:10.0.0.1'));
    expect(all6('10.0.0.1')).toBe(0);
    expect(networksOf(['0.0.0.0/0'])('::ffff:10.0.0.1')).toBe(2);
  });

  it('keep their answers apart when more addresses come than are kept', () => {
    for (let i = 0; i < 3_000; i += 1)
      expect(within(`${i % 2 === 0 ? 10 : 11}.0.${i >> 8}.${i & 255}`)).toBe(i % 2 === 0 ? 2 : 0);
  });

  it.each([
    '10.0.0.0',
    '10.0.0.0/33',
    'localhost/8',
    '::ffff:10.0.0.0/104',
    '::/129',
    '/8',
    '10.0.0.0/-1',
    '10.0.0.0/',
  ])('%p is none', (network) => {
    expect(() => networksOf([network])).toThrow();
  });
});
