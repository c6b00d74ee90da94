import { eventually, type TestAgent } from '@concordat/testing';
import { Concordat, isConcordatProblem } from '@concordat/sdk';
import { isLong } from './environment';
import { logIn, request } from './http';
import { System } from './system';

/** One per second and gateway is little, and enough to see a single failed verification. */
const rotations = isLong ? 4 : 3;
/** Each calls as fast as it is answered; in the short round another system runs beside this one. */
const agents = isLong ? 8 : 3;
const revocations = isLong ? 20 : 10;

const percentile = (sorted: readonly number[], share: number): string =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!.toFixed(1);

describe('credentials at two gateways, under load', () => {
  let system: System;
  beforeAll(async () => void (system = await System.start()), 120_000);
  afterAll(() => system.stop(), 60_000);

  interface Load {
    answered: number;
    logins: number;
    refused: string[];
  }

  /** Calls on and on through both gateways while something else goes on. @returns how often, and what was refused */
  async function beside(callers: readonly TestAgent[], during: () => Promise<void>): Promise<Load> {
    let isOn = true;
    const found: Load = { answered: 0, logins: 0, refused: [] };
    const one = async (agent: TestAgent, gateway: number): Promise<void> => {
      while (isOn) {
        const authorization = await logIn(system.url(gateway), agent);
        found.logins++;
        for (let call = 0; call < 20 && isOn; call++) {
          const url = `${system.url((gateway + call) % 2)}/v1/auth/whoami`;
          const { status, body } = await request(url, { headers: { authorization } });
          if (status === 200) found.answered++;
          else found.refused.push((body as { code: string }).code);
        }
      }
    };
    const running = Promise.all(callers.map((agent, index) => one(agent, index % 2)));
    try {
      await during();
    } finally {
      isOn = false;
      await running;
    }
    return found;
  }

  it('signing keys rotate without one failed verification', async () => {
    const callers = await Promise.all(Array.from({ length: agents }, () => system.registered()));
    const kids = new Set<string>();
    const { answered, logins, refused } = await beside(callers, async () => {
      for (let round = 0; round < rotations; round++) {
        const { kid, signsFrom } = await system.admin(round % 2).signingKeys.rotate();
        kids.add(kid);
        // The next key comes when this one has begun to sign.
        await eventually(() => expect(Date.now()).toBeGreaterThan(Date.parse(signsFrom) + 500), 10_000);
      }
    });
    process.stdout.write(
      `${rotations} rotations of the signing key: ${logins} logins, ${answered} verifications at two gateways, ${refused.length} failed\n`,
    );
    expect(refused).toEqual([]);
    expect(kids.size).toBe(rotations);
    expect(logins).toBeGreaterThan(rotations);
  }, 120_000);

  it('whatever is revoked is refused at both gateways within a second', async () => {
    const callers = await Promise.all(Array.from({ length: agents }, () => system.registered()));
    const admin = system.admin(0);
    const figures: string[] = [];
    /** @param revoke ends the credential @param isRefused asks a gateway */
    const measure = async (
      what: string,
      times: number,
      make: () => Promise<{ revoke(): Promise<unknown>; isGood(gateway: number): Promise<boolean> }>,
    ) => {
      const elapsed: number[] = [];
      for (let round = 0; round < times; round++) {
        const { revoke, isGood } = await make();
        for (const gateway of [0, 1]) await eventually(async () => expect(await isGood(gateway)).toBe(true));
        await revoke();
        const begun = performance.now();
        for (const gateway of [0, 1])
          await eventually(async () => expect(await isGood(gateway)).toBe(false), 1_000);
        elapsed.push(performance.now() - begun);
      }
      elapsed.sort((a, b) => a - b);
      figures.push(`${what}: p50 ${percentile(elapsed, 0.5)} ms, p99 ${percentile(elapsed, 0.99)} ms`);
    };
    const takes = async (gateway: number, authorization: string): Promise<boolean> =>
      (await request(`${system.url(gateway)}/v1/auth/whoami`, { headers: { authorization } })).status === 200;

    const { answered, refused } = await beside(callers, async () => {
      await measure('agent', revocations, async () => {
        const agent = await system.registered();
        const authorization = await logIn(system.url(0), agent);
        return {
          revoke: () => admin.agents.revoke({ did: agent.did }),
          isGood: (gateway) => takes(gateway, authorization),
        };
      });
      await measure('API key', revocations, async () => {
        const { id, key } = await eventually(() => admin.apiKeys.create({ name: 'e2e', scopes: ['read'] }));
        return {
          revoke: () => admin.apiKeys.revoke({ id }),
          isGood: (gateway) => takes(gateway, `ApiKey ${key}`),
        };
      });
      await measure('token', revocations, async () => {
        const agent = await system.registered();
        const authorization = await logIn(system.url(0), agent);
        const revoke = () =>
          request(`${system.url(0)}/v1/auth/revoke`, {
            method: 'POST',
            headers: { authorization },
            body: {},
          });
        return { revoke, isGood: (gateway) => takes(gateway, authorization) };
      });
      await measure('delegation', revocations, async () => {
        const [owner, receiver] = [await system.registered(), await system.registered()];
        const { id } = await system.client(owner).delegations.create({ to: receiver.did, scopes: ['read'] });
        const clients = [0, 1].map((gateway) => {
          const credential = { secretKey: receiver.secretKey, delegation: id };
          return new Concordat({ url: system.url(gateway), credential });
        });
        return {
          revoke: () => system.client(owner).delegations.revoke({ id }),
          isGood: (gateway) =>
            clients[gateway]!.whoami().then(
              () => true,
              (error: unknown) => {
                if (isConcordatProblem(error)) return false;
                throw error;
              },
            ),
        };
      });
    });
    await measure('signing key', 3, async () => {
      const authorization = await logIn(system.url(0), callers[0]!);
      const revoke = () => admin.signingKeys.rotate({ revokePrevious: true });
      return { revoke, isGood: (gateway) => takes(gateway, authorization) };
    });
    process.stdout.write(
      `revoked until refused at both gateways, beside ${answered} calls:\n  ${figures.join('\n  ')}\n`,
    );
    expect(refused).toEqual([]);
  }, 300_000);

  it('an agent with proofs of its key does everyday things, and its token alone is worth nothing', async () => {
    const agent = await system.registered();
    const sent: string[] = [];
    const fetch: typeof globalThis.fetch = (url, init) => {
      const authorization = new Headers(init?.headers).get('authorization');
      if (authorization) sent.push(authorization);
      return globalThis.fetch(url, init);
    };
    const urls = [system.url(0), system.url(1)];
    const client = new Concordat({
      url: urls,
      fetch,
      credential: { secretKey: agent.secretKey, proof: 'dpop' },
    });
    await client.messages.send({ to: agent.did, type: 'EVENT', payload: 1 });
    await client.agents.get({ did: agent.did });
    expect(sent.every((authorization) => authorization.startsWith('DPoP '))).toBe(true);
    const stolen = sent[0]!.slice('DPoP '.length);
    for (const scheme of ['Bearer', 'DPoP']) {
      const headers = { authorization: `${scheme} ${stolen}` };
      const { body } = await request(`${urls[0]}/v1/auth/whoami`, { headers });
      expect(body).toMatchObject({ code: 'PROOF_INVALID' });
    }
  });
});
