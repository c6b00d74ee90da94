import { generateEd25519 } from '@concordat/crypto';
import { FakeClock } from '../clock.fixture';
import { Concordat } from '../concordat';
import {
  type FakeGateway,
  hangUp,
  handshaking,
  me,
  ok,
  refusal,
  type Responder,
  startGateway,
} from '../gateway.fixture';

const { secretKey } = generateEd25519();
const whoami = ok(me('x'));

let gateway: FakeGateway;
let clock: FakeClock;
let agent: Concordat;
beforeEach(async () => {
  gateway = await startGateway(handshaking(whoami));
  clock = new FakeClock();
  agent = new Concordat({ url: gateway.url, credential: { secretKey }, clock, random: () => 0 });
});
afterEach(() => gateway.close());

const targets = (): string[] => gateway.seen.map(({ target }) => target.replace('/v1/auth/', ''));
const tokens = (): unknown[] =>
  gateway.seen
    .filter(({ target }) => target === '/v1/auth/whoami')
    .map(({ headers }) => headers.authorization);

describe('the token of an agent', () => {
  it('is obtained by a handshake when it is first needed, and used again', async () => {
    await agent.whoami();
    await agent.whoami();
    expect(targets()).toEqual(['challenge', 'token', 'whoami', 'whoami']);
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1']);
    expect(gateway.seen[0]!.body).toEqual({ did: agent.did, tenant: 'default' });
    expect(gateway.seen.slice(0, 2).map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('is obtained once for all calls that wait for it', async () => {
    await Promise.all(Array.from({ length: 20 }, () => agent.whoami()));
    expect(targets().filter((target) => target === 'challenge')).toHaveLength(1);
  });

  it('is renewed after four fifths of its life, while calls go on with the old one', async () => {
    await agent.whoami();
    clock.advance(719_000);
    await agent.whoami();
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1']);
    clock.advance(1_000);
    await agent.whoami();
    expect(tokens().at(-1)).toBe('Bearer token-1');
    while (tokens().at(-1) !== 'Bearer token-2') await agent.whoami();
    expect(targets().filter((target) => target === 'challenge')).toHaveLength(2);
  });

  it('is used to its end when it cannot be renewed', async () => {
    await agent.whoami();
    const noHandshake: Responder = (request, response) =>
      (request.target === '/v1/auth/whoami' ? whoami : refusal('HANDSHAKE_REFUSED'))(request, response);
    gateway.respond(noHandshake);
    clock.advance(899_000);
    await agent.whoami();
    await agent.whoami();
    clock.advance(1_000);
    await expect(agent.whoami()).rejects.toMatchObject({ code: 'HANDSHAKE_REFUSED', status: 401 });
  });

  it('is renewed once when the server no longer takes it', async () => {
    gateway.respond(handshaking(whoami, (token) => token > 1));
    await agent.whoami();
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
    gateway.respond(handshaking(whoami, () => false));
    await expect(agent.whoami()).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
    expect(tokens()).toHaveLength(4);
  });

  it('is renewed once for all calls that were refused with the old one', async () => {
    gateway.respond(handshaking(whoami, (token) => token > 1));
    await Promise.all(Array.from({ length: 10 }, () => agent.whoami()));
    expect(targets().filter((target) => target === 'challenge')).toHaveLength(2);
  });

  it('can be obtained ahead, and says how long it is good for', async () => {
    expect(await agent.login()).toBe(900);
    expect(targets()).toEqual(['challenge', 'token']);
  });

  it('is still obtained for others when one who waits for it gives up', async () => {
    const given = new AbortController();
    const first = agent.whoami({ signal: given.signal });
    const second = agent.whoami();
    given.abort(new Error('enough'));
    await expect(first).rejects.toThrow('enough');
    expect(await second).toEqual(me('x'));
    expect(targets()).toEqual(['challenge', 'token', 'whoami']);
  });
});

describe('a handshake', () => {
  it.each([
    'SECRET_ALREADY_SHOWN',
    'CHALLENGE_EXPIRED',
    'CHALLENGE_ALREADY_USED',
    'CHALLENGE_INVALID',
  ] as const)('begins anew after %s', async (code) => {
    const handshake = handshaking(whoami);
    gateway.respond(handshake, refusal(code), handshake);
    await agent.whoami();
    expect(targets()).toEqual(['challenge', 'token', 'challenge', 'token', 'whoami']);
  });

  it('whose answer is lost is asked again under the same key, then begins anew', async () => {
    const handshake = handshaking(whoami);
    gateway.respond(handshake, hangUp, refusal('SECRET_ALREADY_SHOWN'), handshake);
    await agent.whoami();
    expect(targets()).toEqual(['challenge', 'token', 'token', 'challenge', 'token', 'whoami']);
    const keys = gateway.seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys[1]).toBe(keys[2]);
    expect(keys[4]).not.toBe(keys[1]);
  });

  it('does not begin anew for ever', async () => {
    const handshake = handshaking(whoami);
    gateway.respond((request, response) =>
      (request.target === '/v1/auth/token' ? refusal('CHALLENGE_EXPIRED') : handshake)(request, response),
    );
    await expect(agent.whoami()).rejects.toMatchObject({ code: 'CHALLENGE_EXPIRED' });
    expect(targets()).toHaveLength(10);
  });

  it('that is refused is not tried again', async () => {
    gateway.respond(handshaking(whoami), refusal('HANDSHAKE_REFUSED'));
    await expect(agent.whoami()).rejects.toMatchObject({ code: 'HANDSHAKE_REFUSED' });
    expect(targets()).toEqual(['challenge', 'token']);
  });

  it('of a hostile server signs nothing but its challenge', async () => {
    const challenge = 'I owe mallory 100';
    gateway.respond(ok({ challengeId: 'c', challenge, expiresAt: '2030-01-01T00:00:00.000Z' }));
    await expect(agent.whoami()).rejects.toMatchObject({ code: 'CHALLENGE_UNTRUSTED' });
    expect(targets()).toEqual(['challenge']);
  });
});
