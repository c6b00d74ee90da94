import { limits, type OperationOutput, type OperationRequest } from '@concordat/contracts';
import { fromBase64url, publicKeyObject } from '@concordat/crypto';
import { SqliteEventStore } from '@concordat/eventsourcing';
import {
  administrator,
  type Bench,
  type Caller,
  newAgent,
  startBench,
  startCaller,
} from '@concordat/testing';
import type { INestApplicationContext } from '@nestjs/common';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { startIam } from '../iam.fixture';
import { type AgentFilter, listStatement } from './agent-queries.projection';

type Identity = OperationOutput<'agent.get'>;

describe('rules over several agents', () => {
  let bench: Bench;
  let app: INestApplicationContext;
  let caller: Caller;

  beforeAll(async () => {
    bench = await startBench();
    app = await startIam(bench);
    caller = await startCaller(bench);
  });
  afterAll(async () => {
    await caller.stop();
    await app.close();
    await bench.stop();
  });

  const register = async (over: object = {}, options: object = {}): Promise<Identity> => {
    const input = { name: 'Ada', type: 'CLAUDE', publicKey: newAgent().publicKeyText, ...over };
    return (await caller.call('agent.register', input, options)).output;
  };
  const control = (did: string, controllerDid: string | null) =>
    caller.call('agent.update', { did, controllerDid });
  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
  const list = async (input: OperationRequest<'agent.list'>, options: object = {}) =>
    (await caller.call('agent.list', input, options)).output;

  /** The first is controlled by nobody, each other by the one before it. */
  async function chain(length: number): Promise<Identity[]> {
    const agents: Identity[] = [];
    for (let i = 0; i < length; i++)
      agents.push(await register(i === 0 ? {} : { controllerDid: agents[i - 1]!.did }));
    return agents;
  }

  describe('controllers', () => {
    it('make no cycle, however long', async () => {
      const agents = await chain(4);
      for (const { did } of agents)
        expect(await codeOf(control(agents[0]!.did, did))).toBe('CONTROLLER_CYCLE');
    });

    it('make no cycle together either, when two are set at the same time', async () => {
      for (let round = 0; round < 10; round++) {
        const [a, b, c] = [await register(), await register(), await register()];
        const codes = await Promise.all(
          [
            [a, b],
            [b, c],
            [c, a],
          ].map(([one, other]) => codeOf(control(one!.did, other!.did))),
        );
        expect(codes.sort()).toEqual(['CONTROLLER_CYCLE', 'ok', 'ok']);
      }
    });

    it('make no chain longer than its bound, neither above nor below', async () => {
      const longest = await chain(limits.controllerDepth + 1);
      expect(await codeOf(register({ controllerDid: longest.at(-1)!.did }))).toBe(
        'CONTROLLER_CHAIN_TOO_LONG',
      );
      const above = await register();
      expect(await codeOf(control(longest[0]!.did, above.did))).toBe('CONTROLLER_CHAIN_TOO_LONG');
      await control(longest.at(-1)!.did, null);
      await control(longest[0]!.did, above.did);
    });

    it('are active agents of the tenant', async () => {
      const agent = await register();
      const [suspended, revoked, erased] = [await register(), await register(), await register()];
      const foreign = await register({}, { principal: administrator('other') });
      await caller.call('agent.suspend', { did: suspended.did });
      await caller.call('agent.revoke', { did: revoked.did });
      await caller.call('agent.erase', { did: erased.did });
      const wanted = [
        [suspended, 'AGENT_SUSPENDED'],
        [revoked, 'AGENT_REVOKED'],
        [erased, 'AGENT_REVOKED'],
        [foreign, 'AGENT_UNKNOWN'],
      ] as const;
      for (const [{ did }, code] of wanted) {
        expect(await codeOf(control(agent.did, did))).toBe(code);
        expect(await codeOf(register({ controllerDid: did }))).toBe(code);
      }
    });

    it('that end later stay in the history of whom they controlled', async () => {
      const boss = await register();
      const { did } = await register({ controllerDid: boss.did });
      await caller.call('agent.erase', { did: boss.did });
      const { output } = await caller.call('agent.update', { did, name: 'Bea' });
      expect(output).toMatchObject({ controllerDid: boss.did, status: 'active' });
    });
  });

  describe('types of agents', () => {
    it('are the built-in ones and those that the tenant defines', async () => {
      expect(await codeOf(register({ type: 'ROBOT' }))).toBe('AGENT_TYPE_UNKNOWN');
      const defined = await caller.call('agentType.define', { name: 'ROBOT', description: 'Moves' });
      expect(defined.output).toMatchObject({ name: 'ROBOT', description: 'Moves', isBuiltIn: false });
      const { did } = await register({ type: 'ROBOT' });
      expect((await list({ type: 'ROBOT' })).items.map((agent) => agent.did)).toEqual([did]);
      expect(await codeOf(register({ type: 'ROBOT' }, { principal: administrator('other') }))).toBe(
        'AGENT_TYPE_UNKNOWN',
      );
      const names = (await caller.call('agentType.list', {})).output.items.map(({ name }) => name);
      expect(names).toEqual(['COPILOT', 'GEMINI', 'CLAUDE', 'CLINE', 'SERVICE', 'ROBOT']);
    });

    it('are described anew, and removed once no agent is of them', async () => {
      await caller.call('agentType.define', { name: 'DRONE' });
      const { output } = await caller.call('agentType.define', { name: 'DRONE', description: 'Flies' });
      expect(output.description).toBe('Flies');
      const { did } = await register({ type: 'DRONE' });
      expect(await codeOf(caller.call('agentType.remove', { name: 'DRONE' }))).toBe('AGENT_TYPE_IN_USE');
      await caller.call('agent.erase', { did });
      expect((await caller.call('agentType.remove', { name: 'DRONE' })).output.name).toBe('DRONE');
      expect(await codeOf(caller.call('agentType.remove', { name: 'DRONE' }))).toBe('AGENT_TYPE_UNKNOWN');
      expect(await codeOf(register({ type: 'DRONE' }))).toBe('AGENT_TYPE_UNKNOWN');
    });

    it('that are built in are neither defined nor removed', async () => {
      for (const operation of ['agentType.define', 'agentType.remove'] as const)
        expect(await codeOf(caller.call(operation, { name: 'CLAUDE' }))).toBe('INPUT_INVALID');
    });

    it('that are removed while an agent gets them: one of the two does not happen', async () => {
      for (let round = 0; round < 10; round++) {
        await caller.call('agentType.define', { name: `T_${round}` });
        const [removed, made] = await Promise.all([
          codeOf(caller.call('agentType.remove', { name: `T_${round}` })),
          codeOf(register({ type: `T_${round}` })),
        ]);
        expect([
          ['ok', 'AGENT_TYPE_UNKNOWN'],
          ['AGENT_TYPE_IN_USE', 'ok'],
        ]).toContainEqual([removed, made]);
      }
    });

    it('are so many and no more', async () => {
      const options = { principal: administrator('many') };
      const define = (i: number) => codeOf(caller.call('agentType.define', { name: `TYPE_${i}` }, options));
      const codes: string[] = [];
      const total = limits.agentTypes + 3;
      // A few at a time: what waits for too long behind the others is answered that it did.
      for (let first = 0; first < total; first += 37) {
        const some = Array.from({ length: Math.min(37, total - first) }, (_, i) => define(first + i));
        codes.push(...(await Promise.all(some)));
      }
      expect(codes.filter((code) => code === 'ok')).toHaveLength(limits.agentTypes);
      expect(codes.filter((code) => code === 'AGENT_TYPES_FULL')).toHaveLength(3);
    });
  });

  describe('lists', () => {
    const options = { principal: administrator('lists') };
    let boss: Identity;
    const names = ['Bea', 'Ada', 'Adam', 'Adele', 'Carl', 'Ada'];

    beforeAll(async () => {
      boss = await register({ name: 'Boss', type: 'SERVICE' }, options);
      for (const name of names) await register({ name, controllerDid: boss.did }, options);
    });

    async function pages(filter: AgentFilter): Promise<string[]> {
      const found: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await list({ ...filter, limit: 2, ...(cursor ? { cursor } : {}) }, options);
        found.push(...page.items.map(({ name }) => name ?? ''));
        cursor = page.nextCursor ?? undefined;
      } while (cursor);
      return found;
    }

    it('are in order of registration, and of names where a name is asked for', async () => {
      expect(await pages({})).toEqual(['Boss', ...names]);
      expect(await pages({ controllerDid: boss.did })).toEqual(names);
      expect(await pages({ type: 'CLAUDE' })).toEqual(names);
      expect(await pages({ status: 'active' })).toEqual(['Boss', ...names]);
      expect(await pages({ name: 'Ad' })).toEqual(['Ada', 'Ada', 'Adam', 'Adele']);
      expect(await pages({ name: 'Ada', status: 'active', type: 'CLAUDE' })).toEqual(['Ada', 'Ada', 'Adam']);
    });

    it('take no cursor of another list, of another tenant or of nobody', async () => {
      const { nextCursor } = await list({ type: 'CLAUDE', limit: 1 }, options);
      const cursor = nextCursor!;
      const forged = Buffer.from(JSON.stringify([{ number: 1, name: '' }, 'x'])).toString('base64url');
      const others: [object, object][] = [
        [{ cursor }, options],
        [{ type: 'SERVICE', cursor }, options],
        [{ type: 'CLAUDE', status: 'active', cursor }, options],
        [{ type: 'CLAUDE', cursor }, {}],
        [{ type: 'CLAUDE', cursor: forged }, options],
        [{ type: 'CLAUDE', cursor: `${cursor}A` }, options],
        [{ type: 'CLAUDE', cursor: 'bnVsbA' }, options],
      ];
      for (const [input, over] of others) expect(await codeOf(list(input, over))).toBe('INPUT_INVALID');
    });

    it.each<[string, AgentFilter]>([
      ['agents_by_registration', {}],
      ['agents_by_name', { name: 'A' }],
      ['agents_by_type', { type: 'CLAUDE' }],
      ['agents_by_status', { status: 'active' }],
      ['agents_by_controller', { controllerDid: 'did:x' }],
      ['agents_by_name', { name: 'A', type: 'CLAUDE', status: 'active', controllerDid: 'did:x' }],
    ])('are served by %s, without sorting: %j', (index, filter) => {
      const { reader } = app.get(SqliteEventStore);
      for (const isFirst of [true, false]) {
        const plan = reader
          .prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${listStatement(filter, isFirst)}`)
          .all({ ...filter, tenant: 't', limit: 1, after: 1, afterName: 'A' })
          .map(({ detail }) => detail);
        expect(plan).toHaveLength(1);
        expect(plan[0]).toMatch(
          new RegExp(`^SEARCH agent_identities USING INDEX ${index} \\(tenant=\\?.*\\)$`),
        );
      }
    });
  });

  describe('an erasure', () => {
    it('is testified to by a receipt under the published key, the same one whenever it is asked for', async () => {
      const { did } = await register({ name: 'Forgotten', metadata: { secret: 1 } });
      await caller.call('agent.update', { did, name: 'Soon forgotten' });
      const { output, position } = await caller.call('agent.erase', { did });
      const { items } = (await caller.call('directory.snapshot', {})).output;
      const keys = items.flatMap(({ entry }) => (entry.kind === 'signingKey' ? [entry.publicKey] : []));
      const { kid } = decodeProtectedHeader(output.receipt);
      const key = publicKeyObject(fromBase64url(keys.find((one) => one.kid === kid)!.value)!);
      const { payload } = await jwtVerify(output.receipt, key, {
        ...{ algorithms: ['EdDSA'], typ: 'erasure-receipt+jwt', issuer: 'concordat', subject: did },
      });
      expect(payload).toMatchObject({
        ...{ tenant: 'default', erasedAt: output.erasedAt, recoverableUntil: null },
        event: `iam:${position!.epoch}:${position!.position}`,
        destroyedKeys: [expect.stringMatching(/^[\w-]{22}$/)],
      });
      expect((await caller.call('agent.erase', { did })).output).toEqual(output);
    });
  });

  describe('when credentials were last seen', () => {
    const at = (ms: number): string => new Date(ms).toISOString();
    const seen = (agents: { tenant: string; did: string; at: string }[]) =>
      caller.call('credential.seen', { agents, apiKeys: [] });
    const lastSeen = async (did: string): Promise<string | null> =>
      (await caller.call('agent.get', { did })).output.lastSeen;

    it('moves forward by reports, whatever their order, and not beyond now', async () => {
      const [{ did }, other] = [await register(), await register()];
      await seen([
        { tenant: 'default', did, at: at(2_000) },
        { tenant: 'default', did, at: at(1_000) },
        { tenant: 'nowhere', did: other.did, at: at(2_000) },
        { tenant: 'default', did: newAgent().did, at: at(2_000) },
      ]);
      expect([await lastSeen(did), await lastSeen(other.did)]).toEqual([at(2_000), null]);
      await seen([{ tenant: 'default', did, at: at(1_500) }]);
      expect(await lastSeen(did)).toBe(at(2_000));
      await seen([{ tenant: 'default', did, at: '2999-01-01T00:00:00.000Z' }]);
      expect(Date.parse((await lastSeen(did))!)).toBeLessThanOrEqual(Date.now());
    });

    it('makes no event', async () => {
      const { did } = await register();
      const before = await app.get(SqliteEventStore).head();
      await seen([{ tenant: 'default', did, at: at(1_000) }]);
      await seen([]);
      expect(await app.get(SqliteEventStore).head()).toEqual(before);
    });
  });
});
