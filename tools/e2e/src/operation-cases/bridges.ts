import { newAgent } from '@concordat/testing';
import { type CasesOf, withAgent, type World } from './world';

const withBridge = (world: World, then: (did: string) => Promise<void>): Promise<void> =>
  withAgent(world, async ({ did }) => {
    const minPosition = world.admin.positions;
    await world.admin.bridges.put({ did }, { minPosition });
    await then(did);
    await world.admin.bridges.delete({ did }).catch(() => undefined);
  });

export const bridges: CasesOf<'bridge'> = {
  'bridge.put': {
    succeed: (world) =>
      withBridge(world, async (did) => {
        const again = await world.admin.bridges.put({ did });
        expect(again).toMatchObject({ did, password: expect.stringMatching(/^.{43}$/) as string });
      }),
    refuse: ({ admin }) => admin.bridges.put({ did: newAgent().did }),
    refusal: 'AGENT_UNKNOWN',
  },
  'bridge.list': {
    succeed: (world) =>
      withBridge(world, async (bridged) => {
        const { items } = await world.admin.bridges.list({ limit: 500 });
        expect(items.map(({ did }) => did)).toContain(bridged);
        expect(JSON.stringify(items)).not.toContain('password');
      }),
    refuse: ({ asBob }) => asBob.bridges.list(),
    refusal: 'SCOPE_MISSING',
  },
  'bridge.delete': {
    succeed: (world) =>
      withBridge(world, async (did) => {
        await world.admin.bridges.delete({ did });
        await expect(world.admin.bridges.delete({ did })).rejects.toMatchObject({ code: 'BRIDGE_UNKNOWN' });
      }),
    refuse: ({ admin }) => admin.bridges.delete({ did: newAgent().did }),
    refusal: 'BRIDGE_UNKNOWN',
  },
};
