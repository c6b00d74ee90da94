import {
  operationCases,
  publicOperations,
  publicStreams,
  startWorld,
  streamCases,
  type World,
} from './operation-cases';
import { System } from './system';

describe('every operation, through two gateways', () => {
  let system: System;
  let world: World;

  beforeAll(async () => {
    system = await System.start();
    world = await startWorld(system);
  });
  afterAll(() => system.stop());

  const cases = { ...operationCases, ...streamCases };
  const names = [...publicOperations, ...publicStreams];

  it('has a case', () => expect(Object.keys(cases).sort()).toEqual([...names].sort()));

  describe.each(names)('%s', (name) => {
    const { succeed, refuse, refusal } = cases[name];

    it('does what it says', () => succeed(world));

    it(`refuses with ${refusal}, code and fix`, async () => {
      const error: unknown = await refuse(world).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: refusal, fix: expect.stringMatching(/./) as string });
      expect((error as { status: number }).status).toBeLessThan(500);
    });
  });
});
