import type { OperationOutput } from '@concordat/contracts';
import { type CasesOf, impostor } from './world';

const logFile = (output: OperationOutput<'audit.tile'>): number =>
  Buffer.from(output.body, 'base64url').length;

export const trail: CasesOf<'audit'> = {
  'audit.messages': {
    async succeed({ asAda, messageId }) {
      const { items } = await asAda.audit.messages({ limit: 500 });
      expect(items.find((message) => message.messageId === messageId)).toMatchObject({
        payload: { hello: 'Bob' },
      });
    },
    refuse: ({ system }) => impostor(system).audit.messages({}),
    refusal: 'CREDENTIAL_INVALID',
  },
  'audit.events': {
    async succeed({ admin, ada }) {
      const { items } = await admin.audit.events({
        subject: ada.did,
        type: 'concordat.iam.agent.registered.v1',
      });
      expect(items).toHaveLength(1);
    },
    refuse: ({ admin }) => admin.audit.events({ cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.inclusionProof': {
    async succeed({ admin, eventId, system }) {
      expect(await admin.audit.verify(eventId, { vkey: system.vkey })).toMatchObject({ ok: true });
    },
    refuse: ({ asBob, eventId }) => asBob.audit.inclusion({ eventId }),
    refusal: 'EVENT_UNKNOWN',
  },
  'audit.consistencyProof': {
    succeed: async ({ stranger }) =>
      expect(await stranger.call('audit.consistencyProof', { from: 1, to: 2 })).toMatchObject({
        proof: [expect.any(String)],
      }),
    refuse: ({ stranger }) => stranger.call('audit.consistencyProof', { from: 2, to: 1 }),
    refusal: 'TREE_SIZE_INVALID',
  },
  'audit.checkpoint': {
    succeed: async ({ stranger }) =>
      expect(logFile(await stranger.call('audit.checkpoint', {}))).toBeGreaterThan(100),
    refuse: ({ stranger }) => stranger.call('audit.checkpoint', { nonsense: 1 } as never),
    refusal: 'INPUT_INVALID',
  },
  'audit.key': {
    async succeed({ stranger, system }) {
      const { body } = await stranger.call('audit.key', {});
      expect(Buffer.from(body, 'base64url').toString().trim()).toBe(system.vkey.trim());
    },
    refuse: ({ stranger }) => stranger.call('audit.key', { nonsense: 1 } as never),
    refusal: 'INPUT_INVALID',
  },
  'audit.tile': {
    succeed: async ({ stranger }) =>
      expect(logFile(await stranger.call('audit.tile', { level: '0', index: '000.p/1' }))).toBe(32),
    refuse: ({ stranger }) => stranger.call('audit.tile', { level: '0', index: '999' }),
    refusal: 'NOT_FOUND',
  },
  'audit.entries': {
    succeed: async ({ stranger }) =>
      expect(logFile(await stranger.call('audit.entries', { index: '000.p/1' }))).toBeGreaterThan(2),
    refuse: ({ stranger }) => stranger.call('audit.entries', { index: '999' }),
    refusal: 'NOT_FOUND',
  },
};
