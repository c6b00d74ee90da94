import { formatPositions, operationList } from '@concordat/contracts';
import { builtinPolicies, compilePolicies, decisionTable, probes, type Reach } from '@concordat/policy';
import type { PublicOperationName } from '@concordat/sdk';
import { newAgent } from '@concordat/testing';
import { type HttpAnswer, operationRequest, request } from './http';
import { comparable, deniedBy, differences, leaks } from './isolation/answers';
import { agentCaller, type Caller, callersOf } from './isolation/callers';
import { askedOperations, type Asking, type Input, naming } from './isolation/naming';
import { absent, foundTenant, furnish, type Tenant, type Things } from './isolation/tenants';
import { publicOperations } from './operation-cases';
import { System } from './system';

const table = decisionTable(compilePolicies(builtinPolicies), { tenant: 'acme' });
const reachOf = (operation: string, caller: Caller): Reach => {
  const column = probes.findIndex(({ title }) => title === caller.title);
  return table.find(({ action }) => action === operation)!.reach[column]!;
};
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
  const askingAs = ({ kind, id }: Caller): Asking => ({
    ...{ url: system.url(0), tenant: here.name },
    self: kind === 'agent' ? id! : here.things.agent.did,
  });
  const inputsOf = (name: PublicOperationName, things: Things, caller: Caller): Promise<readonly Input[]> =>
    Promise.resolve(naming[name](things, askingAs(caller)));

  it('every operation is asked', () =>
    expect([...askedOperations].sort()).toEqual([...publicOperations].sort()));

  describe.each(askedOperations)('%s', (name) => {
    it('answers alike for what is in another tenant and what is nowhere, and tells nothing of it', async () => {
      counted.operations++;
      const wrong: unknown[] = [];
      for (const caller of callers) {
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
      for (const caller of callers) {
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
