import { scope } from './names';
import { actorOf, anonymous, hasScope, principal, type Principal } from './principal';

const did = 'did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp';
const agent = (...scopes: Principal['scopes']): Principal => ({
  kind: 'agent',
  tenant: 'default',
  id: did,
  scopes,
  tokenId: 't1',
});
const apiKey: Principal = { kind: 'apiKey', tenant: 'acme', id: '0001020304050607', scopes: ['read'] };

describe('a principal', () => {
  it.each([agent('read'), apiKey, anonymous('default')])('of kind $kind travels through JSON', (who) => {
    expect(principal.parse(JSON.parse(JSON.stringify(who)))).toEqual(who);
  });

  it.each([
    ['of an unknown kind', { ...apiKey, kind: 'root' }],
    ['with a field that nobody knows', { ...apiKey, admin: true }],
    ['that is anonymous and has a scope', { ...anonymous('default'), scopes: ['read'] }],
    ['that is anonymous under another id', { ...anonymous('default'), id: did }],
    ['of an agent without a DID', { ...agent(), id: 'ada' }],
    ['of a tenant with a colon', { ...apiKey, tenant: 'a:b' }],
    ['with an unknown scope', { ...apiKey, scopes: ['root'] }],
  ])('%s is refused', (_, who) => {
    expect(principal.safeParse(who).success).toBe(false);
  });

  it('is an actor by kind and id', () => {
    expect(actorOf(agent())).toBe(`agent:${did}`);
    expect(actorOf(apiKey)).toBe('apiKey:0001020304050607');
    expect(actorOf(anonymous('default'))).toBe('anonymous');
  });

  it('with a delegated right is an actor by who acts and whose right it is', () => {
    const [actor, between] = [`${did.slice(0, -1)}q`, `${did.slice(0, -1)}r`];
    const delegated = { ...agent(), actors: [actor, between], delegations: ['d1', 'd2'] } as Principal;
    expect(principal.parse(delegated)).toEqual(delegated);
    expect(actorOf(delegated)).toBe(`agent:${actor} for agent:${did}`);
  });
});

describe('the scope', () => {
  it.each(scope.options)('%s is enough for itself', (needed) => {
    expect(hasScope(agent(needed), needed)).toBe(true);
    expect(hasScope(agent(), needed)).toBe(false);
  });

  it('admin covers read and write, and nothing else covers another', () => {
    const covered = scope.options.flatMap((held) =>
      scope.options
        .filter((needed) => needed !== held && hasScope(agent(held), needed))
        .map((needed) => [held, needed]),
    );
    expect(covered).toEqual([
      ['admin', 'read'],
      ['admin', 'write'],
    ]);
  });
});
