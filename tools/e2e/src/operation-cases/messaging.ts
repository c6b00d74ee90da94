import type { Concordat } from '@concordat/sdk';
import { newAgent } from '@concordat/testing';
import { type CasesOf, withAgent, type World } from './world';

/** Ada has not seen the registration herself: she asks for what the administrator has seen. */
const sendNewcomer = ({ asAda, admin }: World, to: string, payload: number[] | null) =>
  asAda.messages.send({ to, type: 'QUERY', payload }, { minPosition: admin.positions });

/** An agent that has been sent a message by Ada, and has received it. */
const withDelivery = (
  world: World,
  then: (client: Concordat, delivery: { id: string; deliveryToken: string }) => Promise<void>,
): Promise<void> =>
  withAgent(world, async ({ did }, client) => {
    await sendNewcomer(world, did, [1]);
    const { items } = await client.inbox.fetch({ waitSeconds: 5 });
    await then(client, items[0]!);
  });

export const messaging: CasesOf<'message' | 'inbox'> = {
  'message.send': {
    async succeed({ asAda, bob }) {
      const sent = await asAda.messages.send({ to: bob.did, type: 'EVENT', payload: { n: 1 } });
      expect(sent).toMatchObject({ status: 'PENDING', durability: 'appendfsync-always' });
    },
    refuse: ({ asAda }) => asAda.messages.send({ to: newAgent().did, type: 'EVENT', payload: 1 }),
    refusal: 'RECIPIENT_UNKNOWN',
  },
  'message.sendBatch': {
    async succeed({ asAda, bob }) {
      const message = { to: bob.did, type: 'EVENT' as const };
      const stranger = { ...message, to: newAgent().did };
      const { items } = await asAda.messages.sendBatch({
        messages: [
          { ...message, payload: 1 },
          { ...stranger, payload: 2 },
          { ...message, payload: 3 },
        ],
      });
      expect(items).toMatchObject([
        { status: 'PENDING', durability: 'appendfsync-always', problem: null },
        { id: null, problem: { code: 'RECIPIENT_UNKNOWN' } },
        { status: 'PENDING', problem: null },
      ]);
    },
    refuse: ({ asAda }) => asAda.messages.sendBatch({ messages: [] }),
    refusal: 'INPUT_INVALID',
  },
  'message.get': {
    succeed: async ({ asAda, messageId, bob }) =>
      expect(await asAda.messages.get({ id: messageId })).toMatchObject({ to: bob.did, type: 'COMMAND' }),
    refuse: ({ asAda, messageId }) => asAda.messages.get({ id: messageId.replace(/.{12}$/, '0'.repeat(12)) }),
    refusal: 'MESSAGE_UNKNOWN',
  },
  'inbox.fetch': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        await sendNewcomer(world, did, [1, 2]);
        const { items } = await client.inbox.fetch({ waitSeconds: 5 });
        expect(items).toMatchObject([{ payload: [1, 2], from: world.ada.did, attempt: 1 }]);
      }),
    refuse: ({ admin }) => admin.inbox.fetch({}),
    refusal: 'AGENT_REQUIRED',
  },
  'inbox.ack': {
    succeed: (world) =>
      withAgent(world, async ({ did }, client) => {
        const { id } = await sendNewcomer(world, did, null);
        const { items } = await client.inbox.fetch({ waitSeconds: 5 });
        expect(await client.inbox.ack({ tokens: [items[0]!.deliveryToken] })).toEqual({ acked: [id] });
        expect(await world.asAda.messages.get({ id })).toMatchObject({ status: 'DELIVERED' });
      }),
    refuse: ({ asBob, messageId }) => asBob.inbox.ack({ tokens: [`${messageId}.stale`] }),
    refusal: 'DELIVERY_TOKEN_STALE',
  },
  'inbox.extend': {
    succeed: (world) =>
      withDelivery(world, async (client, { id, deliveryToken }) => {
        const tokens = [deliveryToken];
        expect(await client.inbox.extend({ tokens, leaseSeconds: 60 })).toEqual({ extended: [id] });
      }),
    refuse: ({ asBob, messageId }) => asBob.inbox.extend({ tokens: [`${messageId}.stale`] }),
    refusal: 'DELIVERY_TOKEN_STALE',
  },
  'inbox.nack': {
    succeed: (world) =>
      withDelivery(world, async (client, { id, deliveryToken }) => {
        const nack = { token: deliveryToken, delaySeconds: 0, reason: 'The disk is full.' };
        expect(await client.inbox.nack(nack)).toEqual({ id, outcome: 'returned' });
        expect((await client.inbox.fetch({ waitSeconds: 5 })).items).toMatchObject([{ id, attempt: 2 }]);
        expect((await world.asAda.messages.get({ id })).history).toMatchObject([
          { attempt: 1, cause: 'nack', error: 'The disk is full.' },
        ]);
      }),
    refuse: ({ asBob, messageId }) => asBob.inbox.nack({ token: `${messageId}.stale` }),
    refusal: 'DELIVERY_TOKEN_STALE',
  },
};
