import { AgentKeyRotated, AgentResumed, AgentSuspended, toDidWeb } from '@concordat/contracts';
import { fromBase64url, keyId, toBase64url } from '@concordat/crypto';
import { eventually, newAgent, type TestAgent } from '@concordat/testing';
import { LastSeenJob } from '../edge/last-seen.job';
import { type DoorBench, problemOf, startDoorBench } from '../door.fixture';

const id = '6f9619ff-8b86-8011-b42d-00cf4fc964ff';
const did = toDidWeb('localhost:7400', 'default', id);

describe('the DID document of a managed identity', () => {
  let door: DoorBench;
  let agent: TestAgent;

  beforeAll(async () => {
    door = await startDoorBench();
    agent = { ...newAgent(), did };
    await door.iam.register(agent);
  });
  afterAll(() => door.stop());

  const resolve = (path: string): Promise<Response> => fetch(`${door.gateway.url}${path}`);
  const place = `/agents/default/${id}/did.json`;
  const document = async (): Promise<Record<string, unknown>> =>
    (await (await resolve(place)).json()) as Record<string, unknown>;

  it('is where the did:web method looks for it, for anybody', async () => {
    const answer = await eventually(async () => {
      const found = await resolve(place);
      expect(found.status).toBe(200);
      return found;
    });
    expect(answer.headers.get('content-type')).toBe('application/did+ld+json');
    const method = `${did}#${keyId(agent.publicKey)}`;
    expect(await answer.json()).toEqual({
      '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
      id: did,
      verificationMethod: [
        { id: method, type: 'Multikey', controller: did, publicKeyMultibase: agent.publicKeyText },
      ],
      authentication: [method],
      assertionMethod: [method],
    });
  });

  it('has no key that was replaced', async () => {
    const next = newAgent();
    const publicKeys = [{ alg: 'Ed25519', kid: keyId(next.publicKey), value: toBase64url(next.publicKey) }];
    await door.iam.changeAgent(AgentKeyRotated, did, { publicKeys }, { publicKeys });
    await eventually(async () =>
      expect(await document()).toMatchObject({
        verificationMethod: [{ publicKeyMultibase: next.publicKeyText }],
        authentication: [`${did}#${keyId(next.publicKey)}`],
      }),
    );
  });

  it('proves nothing while the agent is suspended, and does again when it is resumed', async () => {
    await door.iam.changeAgent(AgentSuspended, did, { status: 'suspended' }, { reason: 'x' });
    await eventually(async () => expect(await document()).not.toHaveProperty('authentication'));
    await door.iam.changeAgent(AgentResumed, did, { status: 'active' }, {});
    await eventually(async () => expect(await document()).toHaveProperty('authentication'));
  });

  it('is reached through the API by the DID, whose percent sign is encoded once more', async () => {
    const body = toBase64url(Buffer.from('{"id":"x"}'));
    door.iam.answers['agent.document'] = ({ input }) => {
      expect(input).toEqual({ did });
      return { body };
    };
    const path = `/v1/agents/${encodeURIComponent(did)}/did.json`;
    expect(path).toContain('did%3Aweb%3Alocalhost%253A7400');
    const headers = { authorization: door.authorization.agent };
    const answer = await fetch(`${door.gateway.url}${path}`, { headers });
    expect([answer.status, await answer.text()]).toEqual([200, Buffer.from(fromBase64url(body)!).toString()]);
    // Encoded once only, it is another text and no DID of ours.
    const once = await fetch(`${door.gateway.url}/v1/agents/${did}/did.json`, { headers });
    expect((await problemOf(once)).code).toBe('INPUT_INVALID');
  });

  it("is not there for whoever is unknown, another tenant's, revoked, impossible or a did:key: one answer", async () => {
    const revoked = toDidWeb('localhost:7400', 'default', id.replace('6f', '7f'));
    await door.iam.register({ ...newAgent(), did: revoked });
    await door.iam.revoke(revoked);
    const path = (tenant: string, name: string): string =>
      `/agents/${encodeURIComponent(tenant)}/${encodeURIComponent(name)}/did.json`;
    const places = [
      path('default', id.replace('6f', '8f')),
      path('other', id),
      path('default', id.replace('6f', '7f')),
      path('default', door.agent.did),
      path('default', '__proto__'),
      path('../default', id),
      path('default:x', id),
      path('x'.repeat(200), 'y'.repeat(200)),
    ];
    for (const where of places) {
      const found = await eventually(async () => {
        const problem = await problemOf(await resolve(where));
        expect(problem.code).toBe('NOT_FOUND');
        return problem;
      });
      expect({ ...found, traceId: '' }).toEqual({
        ...{ ...found, traceId: '' },
        detail: 'There is no such thing, or it is not yours to see.',
      });
    }
  });

  it('who was let in is reported to iam-service, under its tenant', async () => {
    const headers = { authorization: door.authorization.agent };
    await fetch(`${door.gateway.url}/v1/auth/whoami`, { headers });
    await door.gateway.app.get(LastSeenJob, { strict: false }).report();
    const agents = door.iam.seen.flatMap((report) => report.agents);
    expect(agents).toContainEqual(expect.objectContaining({ did: door.agent.did, tenant: 'default' }));
  });
});
