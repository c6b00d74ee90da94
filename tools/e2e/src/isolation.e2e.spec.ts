import { formatPositions, operationList, type Relationship } from '@concordat/contracts';
import { builtinPolicies, compilePolicies, decisionTable, probes, type Reach } from '@concordat/policy';
import type { PublicOperationName } from '@concordat/sdk';
import { newAgent, type TestAgent } from '@concordat/testing';
import { type HttpAnswer, operationRequest, request } from './http';
import { comparable, deniedBy, differences, leaks } from './isolation/answers';
import { agentCaller, type Caller, callersOf, loggedIn } from './isolation/callers';
import { askedOperations, type Asking, type Input, naming } from './isolation/naming';
import { absent, foundTenant, furnish, type Tenant, type Things } from './isolation/tenants';
import { publicOperations } from './operation-cases';
import { System } from './system';

const table = decisionTable(compilePolicies(builtinPolicies), { tenant: 'acme' });
const reachOf = (operation: string, caller: Caller): Reach => {
  const column = probes.findIndex(({ title }) => title === caller.title);
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
const isQuery = (name: string): boolean => operationList.find((spec) => spec.name === name)!.kind === 'query';

describe('two tenants', () => {
  let system: System;
  let there: Tenant;
  let here: Tenant;
  let nowhere: Things;
  let callers: Caller[];
  const counted = { operations: 0, answers: 0, compared: 0, denied: 0, rights: 0 };

  beforeAll(async () => {
    system = await System.start();
    there = await furnish(system, 'default', system.adminKey);
    here = await furnish(system, 'acme', await foundTenant(system, 'acme'));
    nowhere = absent(there.things);
    callers = await callersOf(system.url(0), here);
  });
  afterAll(async () => {
    if (!callers) return system?.stop();
    const { operations, answers, compared, denied } = counted;
    process.stdout.write(
      `isolation: ${operations} operations × ${callers.length} callers: ${answers} answers, ` +
        `${compared} pairs compared, ${denied} of them refused for want of a right\n`,
    );
    await system.stop();
  });

  const ask = async (
    name: PublicOperationName,
    caller: Caller,
    input: Input,
    more = {},
  ): Promise<HttpAnswer> => {
    counted.answers++;
    const { path, request: prepared } = operationRequest(name, input);
    const headers = {
      'concordat-min-position': formatPositions(here.admin.positions),
      ...{ ...prepared.headers, ...caller.headers, ...more },
    };
    return request(`${system.url(0)}${path}`, { ...prepared, headers });
  };
  /** All of them; but an address may try only so many logins, and the door does not look at who tries. */
  const askersOf = (name: PublicOperationName): readonly Caller[] =>
    name === 'auth.login' ? callers.filter(({ kind }) => kind === 'anonymous') : callers;
  const askingAs = ({ kind, id }: Caller): Asking => ({
    ...{ url: system.url(0), tenant: here.name },
    self: kind === 'agent' ? id! : here.things.agent.did,
  });
  const inputsOf = (name: PublicOperationName, things: Things, caller: Caller): Promise<readonly Input[]> =>
    Promise.resolve(naming[name](things, askingAs(caller)));

  it('every operation is asked', () =>
    expect([...askedOperations].sort()).toEqual([...publicOperations].sort()));

  it('every reading finds what is in the own tenant: what is asked of the other is a sound question', async () => {
    const owner = await loggedIn(system.url(0), here, here.things.agent);
    const readers = [...callers, owner];
    const asking = { url: system.url(0), tenant: here.name, self: here.partner };
    for (const name of askedOperations.filter(isQuery)) {
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

  describe.each(askedOperations)('%s', (name) => {
    it('answers alike for what is in another tenant and what is nowhere, and tells nothing of it', async () => {
      counted.operations++;
      const wrong: unknown[] = [];
      for (const caller of askersOf(name)) {
        const [foreign, none] = [
          await inputsOf(name, there.things, caller),
          await inputsOf(name, nowhere, caller),
        ];
        for (const [at, input] of foreign.entries()) {
          const answers = [await ask(name, caller, input), await ask(name, caller, none[at]!)] as const;
          const differing = differences(
            comparable(answers[0], there.things),
            comparable(answers[1], nowhere),
          );
          const seen = leaks(answers[0], there, input);
          counted.compared++;
          if (deniedBy(answers[0]) !== null) counted.denied++;
          if (differing.length > 0 || seen.length > 0)
            wrong.push({ caller: caller.title, input, differing, seen });
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
