import {
  formatPositions,
  hasScope,
  isDelegated,
  operationList,
  type Principal,
  type Relationship,
} from '@concordat/contracts';
import { builtinPolicies, compilePolicies, decisionTable, probes, type Reach } from '@concordat/policy';
import type { PublicOperationName } from '@concordat/sdk';
import { newAgent, type TestAgent } from '@concordat/testing';
import { isLong } from './environment';
import { GrpcClient } from './grpc';
import { request } from './http';
import { type Answer, comparable, deniedBy, differences, leaks } from './isolation/answers';
import { agentCaller, type Caller, callersOf, loggedIn, scopesOfCaller } from './isolation/callers';
import { type Door, grpcDoor, httpDoor } from './isolation/doors';
import { askedOperations, type Asking, type Input, naming } from './isolation/naming';
import { called, callStreams, openings } from './isolation/streams';
import { absent, foundTenant, furnish, type Tenant, type Things } from './isolation/tenants';
import { publicOperations } from './operation-cases';
import { System } from './system';

const table = decisionTable(compilePolicies(builtinPolicies), { tenant: 'acme' });
/** What a credential cannot do by its scopes, no policy opens. */
const hasScopeFor = (operation: string, caller: Caller): boolean => {
  const { scope } = specOf(operation);
  return scope === undefined || hasScope({ scopes: scopesOfCaller(caller) } as Principal, scope);
};
const reachOf = (operation: string, caller: Caller): Reach => {
  if (caller.kind !== 'anonymous' && !hasScopeFor(operation, caller)) return [];
  const isDelegate = caller.title === 'delegate';
  // Whoever has the right of another may what an agent may, as far as it can be handed on.
  if (isDelegate && specOf(operation).caller !== 'none' && !isDelegated([{ operations: null }], operation))
    return [];
  const column = probes.findIndex(({ title }) => title === (isDelegate ? 'agent' : caller.title));
  return table.find(({ action }) => action === operation)!.reach[column]!;
};
/** Where the table allows what is one's own in some way, and only that. */
const relatedCells = table.flatMap(({ action, reach }) =>
  reach.flatMap((cell, column) =>
    (cell === true ? [] : cell).map((relationship) => ({
      ...{ title: probes[column]!.title, relationship },
      action: action as PublicOperationName,
    })),
  ),
);
const specOf = (name: string) => operationList.find((spec) => spec.name === name)!;
const isQuery = (name: string): boolean => specOf(name).kind === 'query';
/** What belongs to no tenant: only the operator sees it, or everybody, once there is something. */
const ofNoTenant: readonly string[] = ['audit.verification', 'audit.witnessedCheckpoint'];

describe('two tenants', () => {
  let system: System;
  let there: Tenant;
  let here: Tenant;
  let nowhere: Things;
  let callers: Caller[];
  let doors: readonly [Door, Door];
  let grpc: GrpcClient;
  const counted = { operations: 0, answers: 0, compared: 0, denied: 0, rights: 0 };

  beforeAll(async () => {
    system = await System.start();
    there = await furnish(system, 'default', system.adminKey);
    here = await furnish(system, 'acme', await foundTenant(system, 'acme'));
    nowhere = absent(there.things);
    callers = await callersOf(system.url(0), here);
    grpc = new GrpcClient(system.run.grpc[0]!);
    doors = [httpDoor(system.url(0)), grpcDoor(grpc)];
  });
  afterAll(async () => {
    grpc?.close();
    if (!callers) return system?.stop();
    const { operations, answers, compared, denied } = counted;
    process.stdout.write(
      `isolation: ${operations} operations × ${callers.length} callers: ${answers} answers, ` +
        `${compared} pairs compared, ${denied} of them refused for want of a right\n`,
    );
    await system.stop();
  });

  const askAt = (
    door: Door,
    name: PublicOperationName,
    caller: Caller,
    input: Input,
    more = {},
  ): Promise<Answer> => {
    counted.answers++;
    const position = { 'concordat-min-position': formatPositions(here.admin.positions) };
    return door.ask(name, caller, input, { ...position, ...more });
  };
  const ask = (name: PublicOperationName, caller: Caller, input: Input, more = {}): Promise<Answer> =>
    askAt(doors[0], name, caller, input, more);
  /** What tells a thing of the other tenant from one that is nowhere, and what is told of it; nothing, as it should be. */
  const toldBy = (foreign: Answer, none: Answer, input: Input): object[] => {
    counted.compared++;
    if (deniedBy(foreign) !== null) counted.denied++;
    const differing = differences(comparable(foreign, there.things), comparable(none, nowhere));
    const seen = leaks(foreign, there, input);
    return differing.length + seen.length > 0 ? [{ input, differing, seen }] : [];
  };
  /** All of them; but an address may try only so many logins, and the door does not look at who tries. */
  const askersOf = (name: PublicOperationName): readonly Caller[] =>
    name === 'auth.login' ? callers.filter(({ kind }) => kind === 'anonymous') : callers;
  /** The doors share the way of a request; in the short round every eighth caller is asked at the second one, others with every operation. */
  const askersAt = (door: Door, name: PublicOperationName): readonly Caller[] => {
    const isEvery = isLong || door === doors[0] || name === 'auth.login';
    const turn = askedOperations.indexOf(name) % 8;
    return askersOf(name).filter((_, place) => isEvery || place % 8 === turn);
  };
  const askingAs = ({ kind, id }: Caller): Asking => ({
    ...{ url: system.url(0), tenant: here.name },
    self: kind === 'agent' ? id! : here.things.agent.did,
  });
  const inputsOf = (name: PublicOperationName, things: Things, caller: Caller): Promise<readonly Input[]> =>
    Promise.resolve(naming[name](things, askingAs(caller)));

  it('every operation that answers once is asked', () =>
    expect([...askedOperations].sort()).toEqual([...publicOperations].sort()));

  it('every reading finds what is in the own tenant: what is asked of the other is a sound question', async () => {
    const owner = await loggedIn(system.url(0), here, here.things.agent);
    const readers = [...callers, owner];
    const asking = { url: system.url(0), tenant: here.name, self: here.partner };
    const readings = askedOperations.filter((name) => isQuery(name) && !ofNoTenant.includes(name));
    for (const name of readings) {
      const found: number[] = [];
      for (const input of await naming[name](here.things, asking))
        for (const reader of readers) found.push((await ask(name, reader, input)).status);
      expect([name, found]).toEqual([name, expect.arrayContaining([200])]);
    }
  });

  describe('who stands to a thing as a policy wants it', () => {
    const register = async (headers: Caller['headers'], more: object): Promise<[TestAgent, string]> => {
      const agent = newAgent();
      const body = { name: 'x', type: 'SERVICE', publicKey: agent.publicKeyText, ...more };
      const answer = await request(`${system.url(0)}/v1/agents`, { method: 'POST', headers, body });
      expect(answer.status).toBe(201);
      return [agent, answer.headers.get('concordat-position')!];
    };
    const agentWith = async (caller: Caller, relationship: Relationship): Promise<[TestAgent, string]> => {
      if (relationship === 'owner') return register(caller.headers, {});
      expect(relationship).toBe('controller');
      return register({ authorization: `ApiKey ${here.adminKey}` }, { controllerDid: caller.id });
    };

    it.each(relatedCells.map(({ title, action, relationship }) => [title, relationship, action] as const))(
      '%s, as %s, may call %s',
      async (title, relationship, action) => {
        const known = callers.find((candidate) => candidate.title === title)!;
        // It may end itself.
        const caller = known.kind === 'agent' ? await agentCaller(system.url(0), here) : known;
        const itself = { agent: { ...here.things.agent, did: caller.id! }, user: caller.id! };
        const [agent, position] =
          relationship === 'self'
            ? [itself.agent, formatPositions(here.admin.positions)]
            : await agentWith(caller, relationship);
        const things = { ...here.things, ...(relationship === 'self' && itself), agent };
        const [input] = await inputsOf(action, things, caller);
        const answer = await ask(action, caller, input!, { 'concordat-min-position': position });
        counted.rights++;
        expect([deniedBy(answer), answer.status < 500]).toEqual([null, true]);
      },
    );
  });

  describe('what names no thing', () => {
    const asAdmin = (): Caller => callers.find(({ title }) => title === 'key: admin')!;

    it('a cursor of the other tenant leads to nothing of it', async () => {
      expect(there.cursors.size).toBeGreaterThan(4);
      for (const [name, cursor] of there.cursors) {
        const answer = await ask(name as PublicOperationName, asAdmin(), { cursor, limit: 500 });
        expect([name, leaks(answer, there, {})]).toEqual([name, []]);
        expect([200, 400]).toContain(answer.status);
      }
    });

    it('an Idempotency-Key that was used there is as good as new', async () => {
      const publicKey = newAgent().publicKeyText;
      const idempotent = { 'idempotency-key': 'once' };
      const used = await there.admin.agents.register(
        { name: there.canary, type: 'SERVICE', publicKey },
        { idempotencyKey: 'once' },
      );
      const input = { name: 'x', type: 'SERVICE', publicKey: newAgent().publicKeyText };
      const answer = await ask('agent.register', asAdmin(), input, idempotent);
      expect([answer.status, (answer.body as { did: string }).did === used.did]).toEqual([201, false]);
    });

    it('a position that was reached there is reached', async () => {
      const reached = { 'concordat-min-position': formatPositions(there.admin.positions) };
      const answer = await ask('agent.get', asAdmin(), { did: here.things.agent.did }, reached);
      expect(answer.status).toBe(200);
    });

    it('a key for a tenant that is there is refused as for one that is nowhere', async () => {
      for (const caller of callers) {
        const refusals: string[] = [];
        for (const tenant of [there.name, 'nowhere']) {
          const answer = await ask('apiKey.create', caller, { name: 'x', scopes: ['read'], tenant });
          expect([401, 403]).toContain(answer.status);
          refusals.push(comparable(answer, nowhere));
        }
        expect(refusals[0]).toBe(refusals[1]);
      }
    });
  });

  describe('streams', () => {
    it.each(Object.entries(openings))(
      'by %s go on alike after a message of another tenant and after one that is nowhere',
      async (_title, open) => {
        const wrong: unknown[] = [];
        let opened = 0;
        for (const caller of callers) {
          const content = { to: caller.id, type: 'EVENT', payload: 'x' };
          const whenOpen = async (): Promise<void> => void (await ask('message.send', caller, content));
          const answers: Answer[] = [];
          for (const { message } of [there.things, nowhere]) {
            const input = { credits: 1, lastEventId: message };
            const answer = await open({ url: system.url(0), grpc }, caller, input, whenOpen);
            const [token] = /(?<="deliveryToken":")[^"]+/.exec(JSON.stringify(answer.body)) ?? [];
            if (token !== undefined) await ask('inbox.ack', caller, { tokens: [token] });
            opened += Number(token !== undefined);
            answers.push(answer);
          }
          wrong.push(...toldBy(answers[0]!, answers[1]!, { lastEventId: there.things.message }));
        }
        expect([wrong, opened]).toEqual([[], 4]);
      },
    );

    it.each(callStreams)('of calls, $path, answer alike for both', async (method) => {
      const [name, wrong] = [method.operation as PublicOperationName, [] as unknown[]];
      for (const caller of callers) {
        const foreign = await inputsOf(name, there.things, caller);
        const answers = await called(grpc, method, caller, foreign);
        const others = await called(grpc, method, caller, await inputsOf(name, nowhere, caller));
        expect([1, foreign.length]).toContain(answers.length);
        for (const [at, answer] of answers.entries())
          wrong.push(...toldBy(answer, others[at]!, foreign[at]!));
      }
      expect(wrong).toEqual([]);
    });
  });

  describe.each(askedOperations)('%s', (name) => {
    it('answers alike for what is in another tenant and what is nowhere, and tells nothing of it', async () => {
      counted.operations++;
      const wrong: unknown[] = [];
      for (const door of doors)
        for (const caller of askersAt(door, name)) {
          const [foreign, none] = [
            await inputsOf(name, there.things, caller),
            await inputsOf(name, nowhere, caller),
          ];
          for (const [at, input] of foreign.entries()) {
            const answer = await askAt(door, name, caller, input);
            // What names nothing is one question, whose answer may be another a moment later.
            const isSame = JSON.stringify(input) === JSON.stringify(none[at]);
            const other = isSame ? answer : await askAt(door, name, caller, none[at]!);
            const told = toldBy(answer, other, input);
            wrong.push(...told.map((what) => ({ door: door.title, caller: caller.title, ...what })));
          }
        }
      expect(wrong).toEqual([]);
    });

    it('is open to whom the policies open it, and to nobody else', async () => {
      const wrong: unknown[] = [];
      for (const caller of askersOf(name)) {
        const reach = reachOf(name, caller);
        // What is allowed and writes is asked of what is nowhere: there the test destroys nothing that others need.
        const things = reach === true && !isQuery(name) ? nowhere : here.things;
        const [input = {}] = await inputsOf(name, things, caller);
        const answer = await ask(name, caller, input);
        const [denied, seen] = [deniedBy(answer), leaks(answer, there, input)];
        counted.rights++;
        if ((denied === null) !== (reach === true) || seen.length > 0)
          wrong.push({ caller: caller.title, reach, denied, seen });
      }
      expect(wrong).toEqual([]);
    });
  });
});
