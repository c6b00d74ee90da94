import { type CasesOf, impostor, type World } from './world';

const aim = { actor: 'Analyst', inputConstraints: ['public sources'], mission: 'Find out.' };
const record = { mode: 'RESEARCH', action: 'review', aim } as const;
const nobodys = '019adb2c-1c3e-7a2b-9f55-3a0c6d1e2f40';
const line = JSON.stringify({ timestamp: '2026-02-01T12:00:00Z', drag_mode: 'draft', workflow_name: 'old' });

const withWorkflow = async ({ admin }: World, then: (id: string) => Promise<void>): Promise<void> => {
  const { id } = await admin.workflows.start({ name: 'nightly', parameters: { depth: 1 } });
  await then(id);
};

export const governance: CasesOf<'governance'> = {
  'governance.log': {
    async succeed({ admin, asBob }) {
      for (const client of [admin, asBob])
        expect(await client.governance.log(record)).toMatchObject({
          hash: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
        });
    },
    refuse: ({ asBob }) => asBob.governance.log({ ...record, occurredAt: '2999-01-01T00:00:00Z' }),
    refusal: 'GOVERNANCE_TIME_INVALID',
  },
  'governance.logs': {
    async succeed({ admin, asBob }) {
      const { id } = await admin.governance.log(record);
      const { items } = await admin.governance.logs({ action: 'review', limit: 1 });
      expect(items).toEqual([expect.objectContaining({ id, aim, integrity: 'intact' })]);
      expect((await asBob.governance.logs({ limit: 500 })).items.map((item) => item.id)).not.toContain(id);
    },
    refuse: ({ admin }) => admin.governance.logs({ cursor: 'nonsense' }),
    refusal: 'INPUT_INVALID',
  },
  'governance.import': {
    async succeed({ admin }) {
      await admin.governance.import({ lines: [line] });
      const { items } = await admin.governance.import({ lines: [line, 'no JSON'] });
      expect(items.map(({ status }) => status)).toEqual(['known', 'refused']);
    },
    refuse: ({ asBob }) => asBob.governance.import({ lines: [line] }),
    refusal: 'POLICY_DENIED',
  },
  'governance.recordMetric': {
    succeed: async ({ admin }) =>
      expect(await admin.governance.recordMetric({ name: 'reviews.open', value: 2.5 })).toMatchObject({
        id: expect.any(String) as string,
      }),
    refuse: ({ admin }) =>
      admin.governance.recordMetric({ name: 'reviews.open', value: 1, workflowId: nobodys }),
    refusal: 'WORKFLOW_UNKNOWN',
  },
  'governance.metrics': {
    async succeed({ admin }) {
      const { id } = await admin.governance.recordMetric({ name: 'reviews.closed', value: -0.5, unit: 'h' });
      const { items } = await admin.governance.metrics({ name: 'reviews.closed', limit: 1 });
      expect(items).toEqual([expect.objectContaining({ id, value: -0.5, unit: 'h' })]);
    },
    refuse: ({ system }) => impostor(system).governance.metrics(),
    refusal: 'CREDENTIAL_INVALID',
  },
  'governance.view': {
    async succeed({ admin }) {
      await admin.governance.log({ ...record, mode: 'GRUNT' });
      const { items } = await admin.governance.view({ view: 'v_drag_mode_distribution' });
      expect(items.map(({ mode }) => mode)).toContain('GRUNT');
    },
    refuse: ({ asBob }) => asBob.governance.view({ view: 'v_user_activity' }),
    refusal: 'POLICY_DENIED',
  },
};

export const workflows: CasesOf<'workflow'> = {
  'workflow.start': {
    succeed: (world) => withWorkflow(world, () => Promise.resolve()),
    refuse: ({ admin }) => admin.workflows.start({ name: 'nightly', startedAt: '2999-01-01T00:00:00Z' }),
    refusal: 'GOVERNANCE_TIME_INVALID',
  },
  'workflow.end': {
    succeed: (world) =>
      withWorkflow(world, async (id) =>
        expect(await world.admin.workflows.end({ id, status: 'completed', result: 1 })).toMatchObject({
          ...{ id, status: 'completed' },
        }),
      ),
    async refuse({ admin }) {
      const { id } = await admin.workflows.start({ name: 'nightly' });
      await admin.workflows.end({ id, status: 'failed' });
      return admin.workflows.end({ id, status: 'completed' });
    },
    refusal: 'WORKFLOW_ENDED',
  },
  'workflow.get': {
    succeed: (world) =>
      withWorkflow(world, async (id) =>
        expect(await world.admin.workflows.get({ id })).toMatchObject({
          ...{ id, status: 'running', parameters: { depth: 1 }, result: null, integrity: 'intact' },
        }),
      ),
    async refuse({ admin, asBob }) {
      const { id } = await admin.workflows.start({ name: 'nightly' });
      return asBob.workflows.get({ id });
    },
    refusal: 'WORKFLOW_UNKNOWN',
  },
  'workflow.list': {
    succeed: (world) =>
      withWorkflow(world, async (id) => {
        const { items } = await world.admin.workflows.list({ status: 'running', limit: 500 });
        expect(items.map((item) => item.id)).toContain(id);
      }),
    refuse: ({ system }) => impostor(system).workflows.list(),
    refusal: 'CREDENTIAL_INVALID',
  },
};
