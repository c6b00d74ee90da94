import { type Problem } from '@concordat/contracts';
import { newAgent, type TestAgent } from '@concordat/testing';
import { type BothDoors, problemOf, startBothDoors } from '../door.fixture';
import { refusalOf } from '../grpc.fixture';

describe('a handshake (ADR 5)', () => {
  let doors: BothDoors;
  beforeAll(async () => (doors = await startBothDoors()));
  afterAll(() => doors.stop());

  const post = (path: string, body: object): Promise<Response> =>
    fetch(doors.gateway.url + path, {
      ...{ method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    });
  const challengeOf = async ({ did }: TestAgent, tenant = 'default') => {
    const answer = await post('/v1/auth/challenge', { did, tenant });
    const body = (await answer.json()) as Record<'challengeId' | 'challenge' | 'expiresAt', string>;
    return { answer, body };
  };
  /** Agents who are to get no token, each for another reason, with what they sign with. */
  const strangers = async (): Promise<[TestAgent, TestAgent, string][]> => {
    const [unknown, revoked, elsewhere, active] = [newAgent(), newAgent(), newAgent(), newAgent()];
    await Promise.all([doors.iam.register(revoked), doors.iam.register(active)]);
    await doors.iam.register(elsewhere, { tenant: 'acme' });
    await doors.iam.revoke(revoked.did);
    return [
      [unknown, unknown, 'default'],
      [revoked, revoked, 'default'],
      [elsewhere, elsewhere, 'default'],
      [active, newAgent(), 'default'],
      [active, active, 'acme'],
    ];
  };

  it('of a known, an unknown, a revoked agent / begins alike', async () => {
    const answers = await Promise.all(
      [doors.agent, ...(await strangers()).map(([agent]) => agent)].map((agent) => challengeOf(agent)),
    );
    const shapes = answers.map(({ answer, body }) => [
      answer.status,
      [...answer.headers.keys()].sort(),
      answer.headers.get('content-length'),
      Object.entries(body).map(([name, value]) => [name, value.length]),
    ]);
    expect(new Set(shapes.map((shape) => JSON.stringify(shape))).size).toBe(1);
    expect(shapes[0]![0]).toBe(200);
  });

  it('that is refused / is refused alike, over both doors, whatever the reason', async () => {
    const problems: Omit<Problem, 'traceId'>[] = [];
    for (const [agent, signer, tenant] of await strangers()) {
      const { body } = await challengeOf(agent, tenant);
      const proof = { challengeId: body.challengeId, signature: signer.sign(body.challenge) };
      const { traceId: _own, ...problem } = await problemOf(await post('/v1/auth/token', proof));
      problems.push(problem);
      const { message, RetryInfo } = refusalOf(
        await doors.grpc.ask('IdentityService/CreateToken', proof),
        'HANDSHAKE_REFUSED',
      );
      expect([message, RetryInfo]).toEqual([problem.detail, undefined]);
    }
    expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1);
    expect(problems[0]).toMatchObject({ code: 'HANDSHAKE_REFUSED', errors: [] });
  });

  it('with the challenge of one agent and the signature of another / is refused', async () => {
    const other = newAgent();
    await doors.iam.register(other);
    const { body } = await challengeOf(doors.agent);
    const proof = { challengeId: body.challengeId, signature: other.sign(body.challenge) };
    expect(await problemOf(await post('/v1/auth/token', proof))).toMatchObject({ code: 'HANDSHAKE_REFUSED' });
  });

  it('with a signature over another text of the same agent / is refused', async () => {
    const [{ body: one }, { body: two }] = [await challengeOf(doors.agent), await challengeOf(doors.agent)];
    const proof = { challengeId: one.challengeId, signature: doors.agent.sign(two.challenge) };
    expect(await problemOf(await post('/v1/auth/token', proof))).toMatchObject({ code: 'HANDSHAKE_REFUSED' });
  });
});
