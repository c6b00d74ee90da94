import { anonymous, ConcordatError, limits, type OperationInput, operations } from '@concordat/contracts';
import { agentPrincipal, administrator, newAgent } from '@concordat/testing';
import type { OperationContext } from '@concordat/runtime';
import type { ServiceCalls } from '../edge/service-calls';
import { challengeId, openChallengeId } from './challenge';
import { handshakeHandlers } from './handshake.handler';

type Redemption = OperationInput<'handshake.redeem'>;

const challengeKey = new Uint8Array(32).fill(7);
const audience = 'concordat';
const begin = Date.parse('2026-01-01T00:00:00.000Z');
const signature = 'A'.repeat(86);
const at = { epoch: 1, position: 2 };

/** A gateway's handshake with a clock to turn, and a service that takes everything. */
function given() {
  let nowMs = begin;
  const asked: {
    operation: string;
    input: Redemption;
    context: Pick<OperationContext, 'principal' | 'commandId'>;
  }[] = [];
  const call = async (operation: string, input: unknown, context: (typeof asked)[number]['context']) => {
    asked.push({ operation, input: input as Redemption, context });
    return { output: { accessToken: 'token', tokenType: 'Bearer', expiresIn: 900 }, position: at };
  };
  const handlers = handshakeHandlers({
    services: { call } as unknown as ServiceCalls,
    clock: { nowMs: () => nowMs, now: () => new Date(nowMs) },
    ...{ audience, challengeKey },
  });
  const context: OperationContext = {
    ...{ operation: 'auth.token', principal: anonymous('default'), commandId: 'command', minPosition: {} },
    ...{ conversation: null, traceparent: null, address: null },
  };
  return {
    asked,
    turnTo: (ms: number) => (nowMs = ms),
    challenge: async (did: string, tenant = 'default') =>
      (await handlers['auth.challenge']({ did, tenant })).output,
    token: (id: string, commandId = 'command') =>
      handlers['auth.token']({ challengeId: id, signature }, { ...context, commandId }),
    whoami: (principal: OperationContext['principal']) =>
      handlers['auth.whoami']({}, { ...context, principal }),
  };
}
const codeOf = (answer: Promise<unknown>): Promise<string> =>
  answer.then(
    () => 'ok',
    (error: unknown) => (error instanceof ConcordatError ? error.code : String(error)),
  );

describe('a challenge', () => {
  it('is this text, line by line, and nothing more', async () => {
    const { challenge } = given();
    const { did } = newAgent();
    const { challenge: text, challengeId: id, expiresAt } = await challenge(did, 'acme');
    const { nonce } = openChallengeId(challengeKey, id, audience);
    expect(text.split('\n')).toEqual([
      'Concordat agent authentication v1',
      'purpose: obtain an access token',
      'audience: concordat',
      'tenant: acme',
      `did: ${did}`,
      `nonce: ${nonce}`,
      'expires: 2026-01-01T00:01:00.000Z',
      '',
    ]);
    expect(expiresAt).toBe('2026-01-01T00:01:00.000Z');
  });

  it('is given to any well-formed DID alike, and nobody is asked about it', async () => {
    const { challenge, asked } = given();
    const answers = await Promise.all(Array.from({ length: 20 }, () => challenge(newAgent().did)));
    for (const answer of answers) {
      expect(operations['auth.challenge'].output.parse(answer)).toEqual(answer);
      expect(answer.challengeId.length).toBe(answers[0]!.challengeId.length);
      expect(answer.challenge.length).toBe(answers[0]!.challenge.length);
    }
    expect(asked).toEqual([]);
  });

  it('is another each time, by 128 bits that nobody can guess', async () => {
    const { challenge } = given();
    const { did } = newAgent();
    const ids = await Promise.all(
      Array.from({ length: 200 }, async () => (await challenge(did)).challengeId),
    );
    const nonces = ids.map((id) => openChallengeId(challengeKey, id, audience).nonce);
    expect(new Set(nonces).size).toBe(200);
    for (const nonce of nonces) expect(Buffer.from(nonce, 'base64url')).toHaveLength(16);
  });
});

describe('a token', () => {
  it('is asked of iam-service with the facts of the challenge, and comes with its position', async () => {
    const { challenge, token, asked } = given();
    const { did } = newAgent();
    const { challengeId: id } = await challenge(did, 'acme');
    const { nonce, expiresAt } = openChallengeId(challengeKey, id, audience);
    expect(await token(id)).toEqual({
      output: { accessToken: 'token', tokenType: 'Bearer', expiresIn: 900 },
      ...{ position: at, source: 'iam' },
    });
    expect(asked).toMatchObject([
      {
        operation: 'handshake.redeem',
        input: { did, tenant: 'acme', nonce, expiresAt, signature },
        context: { principal: anonymous('acme') },
      },
    ]);
    expect(operations['handshake.redeem'].input.parse(asked[0]!.input)).toEqual(asked[0]!.input);
  });

  it('under one idempotency key / is one command of each agent, and another of others', async () => {
    const { challenge, token, asked } = given();
    const [ada, bob] = [newAgent().did, newAgent().did];
    const named = 'k'.repeat(43);
    for (const [did, tenant] of [
      [ada, 'default'],
      [ada, 'default'],
      [bob, 'default'],
      [ada, 'acme'],
    ] as const)
      await token((await challenge(did, tenant)).challengeId, named);
    const ids = asked.map(({ context }) => context.commandId);
    expect(ids[1]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
    expect(ids).not.toContain(named);
  });

  it.each([
    ['at its very end', limits.challengeSeconds * 1_000, 'CHALLENGE_EXPIRED'],
    ['a day late', 86_400_000, 'CHALLENGE_EXPIRED'],
    ['a moment before its end', limits.challengeSeconds * 1_000 - 1, 'ok'],
    ['at a gateway whose clock is behind as far as is tolerated', -limits.clockSkewSeconds * 1_000, 'ok'],
    ['from a future farther than that', -limits.clockSkewSeconds * 1_000 - 1, 'CHALLENGE_INVALID'],
    ['from a far future', -86_400_000, 'CHALLENGE_INVALID'],
  ])('for a challenge %s / is %s ms after it: %s', async (_name, afterMs, code) => {
    const { challenge, token, turnTo, asked } = given();
    const { challengeId: id } = await challenge(newAgent().did);
    turnTo(begin + afterMs);
    expect(await codeOf(token(id))).toBe(code);
    expect(asked).toHaveLength(code === 'ok' ? 1 : 0);
  });

  it('for a challenge that was not issued here / is refused, and nobody is asked', async () => {
    const { challenge, token, asked } = given();
    const { did } = newAgent();
    const facts = {
      tenant: 'default',
      did,
      nonce: 'A'.repeat(22),
      expiresAt: new Date(begin + 1_000).toISOString(),
    };
    const { challengeId: id } = await challenge(did);
    for (const forged of [
      challengeId(new Uint8Array(32), { audience, ...facts }),
      challengeId(challengeKey, { audience: 'other', ...facts }),
      id.slice(1),
      id.slice(0, -1),
      '',
      '.',
    ])
      expect(await codeOf(token(forged))).toBe('CHALLENGE_INVALID');
    expect(asked).toEqual([]);
  });
});

describe('who somebody is', () => {
  it.each([
    ['an agent', agentPrincipal(newAgent().did, 'acme')],
    ['an API key', administrator('acme')],
  ])('%s / is told, without the token', async (_name, principal) => {
    const { output } = await given().whoami(principal);
    const { kind, tenant, id, scopes } = principal;
    expect(output).toEqual({ kind, tenant, id, scopes });
  });

  it('nobody / is refused', async () => {
    expect(await codeOf(given().whoami(anonymous('default')))).toBe('CREDENTIAL_MISSING');
  });
});
