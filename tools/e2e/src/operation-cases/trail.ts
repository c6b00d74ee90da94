import type { OperationOutput } from '@concordat/contracts';
import { openErasureReceipt } from '@concordat/crypto';
import { eventually } from '@concordat/testing';
import { type CasesOf, impostor, withAgent } from './world';

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
  'audit.conversation': {
    async succeed({ admin, messageId }) {
      const { items } = await admin.audit.messages({ limit: 500 });
      const { correlationId } = items.find((message) => message.messageId === messageId)!;
      const found = await admin.audit.conversation({ correlationId: correlationId ?? 'none' });
      expect(found.correlationId).toBe(correlationId ?? 'none');
    },
    refuse: ({ system }) => impostor(system).audit.conversation({ correlationId: 'x' }),
    refusal: 'CREDENTIAL_INVALID',
  },
  'audit.history': {
    async succeed({ admin, ada, messageId }) {
      const { items } = await admin.audit.history({ did: ada.did, direction: 'sent', limit: 500 });
      expect(items.map((message) => message.messageId)).toContain(messageId);
    },
    refuse: ({ admin, ada }) => admin.audit.history({ did: ada.did, cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.statistics': {
    async succeed({ admin, ada }) {
      const window = { from: '2026-01-01T00:00:00.000Z', to: '2100-01-01T00:00:00.000Z' };
      expect((await admin.audit.statistics({ ...window, agent: ada.did })).messages).toBeGreaterThan(0);
    },
    refuse: ({ admin }) => admin.audit.statistics({ from: 'today', to: 'tomorrow' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.labels': {
    succeed: async ({ admin }) => expect(await admin.audit.labels({})).toMatchObject({ labels: [] }),
    refuse: ({ system }) => impostor(system).audit.labels({}),
    refusal: 'CREDENTIAL_INVALID',
  },
  'audit.setLabels': {
    succeed: async ({ admin }) =>
      expect(await admin.audit.setLabels({ labels: [] })).toMatchObject({ count: 0 }),
    refuse: ({ asAda }) => asAda.audit.setLabels({ labels: [] }),
    refusal: 'SCOPE_MISSING',
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
  'audit.retention': {
    async succeed({ admin }) {
      const { events, messages } = await admin.audit.retention({});
      expect([events.keep, messages.keep]).toEqual([90, 90]);
    },
    refuse: ({ system }) => impostor(system).audit.retention({}),
    refusal: 'CREDENTIAL_INVALID',
  },
  'audit.setRetention': {
    async succeed({ admin }) {
      const would = await admin.audit.setRetention({ events: 365, messages: 'forever', dryRun: true });
      expect([would.events.keep, would.messages.keep]).toEqual([365, 'forever']);
    },
    refuse: ({ admin }) => admin.audit.setRetention({ events: 31 as never }),
    refusal: 'INPUT_INVALID',
  },
  'audit.runRetention': {
    succeed: async ({ admin }) =>
      expect(await admin.audit.runRetention({})).toEqual({ begun: true, partitions: [] }),
    refuse: ({ asAda }) => asAda.audit.runRetention({}),
    refusal: 'SCOPE_MISSING',
  },
  'audit.placeHold': {
    async succeed({ admin, bob }) {
      const { id } = await admin.audit.placeHold({ reason: 'Case 1', subject: bob.did });
      await admin.audit.releaseHold({ id });
    },
    refuse: ({ admin }) => admin.audit.placeHold({ reason: 'of nothing' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.holds': {
    async succeed({ admin, ada }) {
      const { id } = await admin.audit.placeHold({ reason: 'Case 2', subject: ada.did });
      const { items } = await admin.audit.holds({});
      expect(items[0]).toMatchObject({ id, reason: 'Case 2', subject: ada.did, releasedAt: null });
      await admin.audit.releaseHold({ id });
    },
    refuse: ({ asAda }) => asAda.audit.holds({}),
    refusal: 'POLICY_DENIED',
  },
  'audit.releaseHold': {
    async succeed({ admin }) {
      const { id } = await admin.audit.placeHold({ reason: 'Case 3', correlationId: 'case-3' });
      expect(await admin.audit.releaseHold({ id })).toMatchObject({ id });
    },
    refuse: ({ admin }) => admin.audit.releaseHold({ id: `hold_${'f'.repeat(32)}` }),
    refusal: 'HOLD_UNKNOWN',
  },
  'audit.startVerification': {
    succeed: async ({ admin }) =>
      expect(await admin.audit.startVerification({})).toMatchObject({ id: expect.stringMatching(/^ver_/) }),
    refuse: ({ asAda }) => asAda.audit.startVerification({}),
    refusal: 'SCOPE_MISSING',
  },
  'audit.verification': {
    async succeed({ admin }) {
      const { id } = await admin.audit.startVerification({});
      await eventually(async () =>
        expect(await admin.audit.verification({ id })).toMatchObject({ status: 'verified', faults: [] }),
      );
    },
    refuse: ({ admin }) => admin.audit.verification({ id: `ver_${'0'.repeat(32)}` }),
    refusal: 'NOT_FOUND',
  },
  'audit.addCheckpoint': {
    // A witness of nothing refuses everything; with logs it is tested in audit-service.
    succeed: ({ stranger }) =>
      expect(
        stranger.call('audit.addCheckpoint', { request: 'old 0\n\nexample.org/log\n0\nx\n\n' }),
      ).rejects.toMatchObject({ code: expect.stringMatching(/^(WITNESS_LOG_UNKNOWN|INPUT_INVALID)$/) }),
    refuse: ({ stranger }) => stranger.call('audit.addCheckpoint', { request: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.witnessKey': {
    async succeed({ stranger }) {
      const { body } = await stranger.call('audit.witnessKey', {});
      expect(Buffer.from(body, 'base64url').toString()).toMatch(/^\S+\+[0-9a-f]{8}\+\S+\n$/);
    },
    refuse: ({ stranger }) => stranger.call('audit.witnessKey', { nonsense: 1 } as never),
    refusal: 'INPUT_INVALID',
  },
  'audit.witnessedCheckpoint': {
    succeed: ({ stranger }) =>
      expect(
        stranger.call('audit.witnessedCheckpoint', { originHash: '0'.repeat(64) }),
      ).rejects.toMatchObject({ code: 'NOT_FOUND' }),
    refuse: ({ stranger }) => stranger.call('audit.witnessedCheckpoint', { originHash: 'x' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.anomalies': {
    succeed: async ({ admin, ada }) => expect(await admin.audit.anomalies({ agent: ada.did })).toBeDefined(),
    refuse: ({ admin }) => admin.audit.anomalies({ cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.anomalySettings': {
    succeed: async ({ admin }) =>
      expect(await admin.audit.anomalySettings()).toMatchObject({ windowSeconds: 300 }),
    refuse: ({ asBob }) => asBob.audit.anomalySettings(),
    refusal: 'SCOPE_MISSING',
  },
  'audit.putAnomalySettings': {
    async succeed({ admin, ada }) {
      const overrides = [{ agent: ada.did, volume: { enabled: false } }];
      expect(await admin.audit.putAnomalySettings({ overrides })).toMatchObject({
        overrides: [{ volume: { enabled: false, minimum: 50 } }],
      });
    },
    refuse: ({ asBob }) => asBob.audit.putAnomalySettings({}),
    refusal: 'SCOPE_MISSING',
  },
  'audit.erase': {
    succeed: (world) =>
      withAgent(world, async ({ did }) => {
        const { admin, system } = world;
        const { orderedBy } = await admin.audit.erase({ subject: did });
        const receipt = await eventually(async () => {
          const { items } = await admin.audit.erasures({ subject: did });
          expect(items).toMatchObject([{ orderedBy, receipt: expect.any(String) }]);
          return openErasureReceipt(items[0]!.receipt!, system.vkey);
        });
        expect(receipt).toMatchObject({ subject: did, orderedBy });
      }),
    refuse: ({ admin }) => admin.audit.erase({ subject: 'everything' }),
    refusal: 'INPUT_INVALID',
  },
  'audit.erasures': {
    succeed: async ({ admin, ada }) =>
      expect(await admin.audit.erasures({ subject: ada.did })).toEqual({ items: [], nextCursor: null }),
    refuse: ({ asBob }) => asBob.audit.erasures(),
    refusal: 'SCOPE_MISSING',
  },
};
