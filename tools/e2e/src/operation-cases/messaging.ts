import { newAgent } from '@concordat/testing';
import { type CasesOf, withAgent, type World } from './world';

/** Ada has not seen the registration herself: she asks for what the administrator has seen. */
const sendNewcomer = ({ asAda, admin }: World, to: string, payload: number[] | null) =>
  asAda.messages.send({ to, type: 'QUERY', payload }, { minPosition: admin.positions });

export const messaging: CasesOf<'message' | 'inbox'> = {
  'message.send': {
    async succeed({ asAda, bob }) {
      const sent = await asAda.messages.send({ to: bob.did, type: 'EVENT', payload: { n: 1 } });
      expect(sent).toMatchObject({ status: 'PENDING', durability: 'appendfsync-always' });
    },
    refuse: ({ asAda }) => asAda.messages.send({ to: newAgent().did, type: 'EVENT', payload: 1 }),
    refusal: 'RECIPIENT_UNKNOWN',
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
};
