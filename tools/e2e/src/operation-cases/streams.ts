import { verifyExport } from '@concordat/audit-export';
import type { Delivery, OperationOutput, Problem, StreamName } from '@concordat/contracts';
import { newAgent } from '@concordat/testing';
import { logIn, operationRequest } from '../http';
import type { OperationCase, World } from './world';

/** Opens a stream by hand. @throws Error with the fields of the refusal */
async function open(
  { system }: World,
  name: StreamName,
  input: Readonly<Record<string, unknown>>,
  authorization: string,
): Promise<AsyncIterable<string>> {
  const { path, request } = operationRequest(name, input);
  const answer = await fetch(`${system.url(1)}${path}`, { headers: { ...request.headers, authorization } });
  if (answer.status === 200) return answer.body!.pipeThrough(new TextDecoderStream());
  const problem = (await answer.json()) as Problem;
  throw Object.assign(new Error(problem.detail), problem);
}

/** The first item of server-sent events. */
async function firstItem(events: AsyncIterable<string>): Promise<unknown> {
  let text = '';
  for await (const part of events) {
    text += part;
    const data = /^event: item\ndata: (.*)\n\n/m.exec(text)?.[1];
    if (data !== undefined) return JSON.parse(data);
  }
  throw new Error(`no item in ${text}`);
}

export const streams: Readonly<Record<StreamName, OperationCase>> = {
  'inbox.subscribe': {
    async succeed(world) {
      const { system, admin, asAda } = world;
      const agent = newAgent();
      const publicKey = agent.publicKeyText;
      await admin.call('agent.register', { name: 'reader', type: 'CLINE', publicKey });
      const events = await open(world, 'inbox.subscribe', { credits: 1 }, await logIn(system.url(1), agent));
      const { id } = await asAda.messages.send(
        { to: agent.did, type: 'EVENT', payload: [1, 2] },
        { minPosition: admin.positions },
      );
      const item = (await firstItem(events)) as Delivery;
      expect(item).toMatchObject({ id, payload: [1, 2], attempt: 1 });
    },
    refuse: (world) => open(world, 'inbox.subscribe', {}, `ApiKey ${world.system.adminKey}`),
    refusal: 'AGENT_REQUIRED',
  },
  'audit.export': {
    async succeed({ admin, ada, system }) {
      for (const format of ['ndjson', 'ocsf', 'ecs', 'cef'] as const) {
        const verdict = await verifyExport(await admin.audit.export({ format, subject: ada.did }), system);
        expect(verdict).toMatchObject({ ok: true, manifest: { format, filter: { subject: ada.did } } });
      }
    },
    refuse: ({ admin }) => admin.audit.export({ since: Number.MAX_SAFE_INTEGER }),
    refusal: 'TREE_SIZE_INVALID',
  },
  'audit.subjectExport': {
    async succeed({ asAda, ada, system }) {
      const verdict = await verifyExport(await asAda.audit.exportSubject({ subject: ada.did }), system);
      expect(verdict).toMatchObject({ ok: true, manifest: { subject: ada.did } });
      expect((verdict as { manifest: { messages: number } }).manifest.messages).toBeGreaterThan(0);
    },
    refuse: ({ asBob, ada }) => asBob.audit.exportSubject({ subject: ada.did }),
    refusal: 'POLICY_DENIED',
  },
  'audit.stream': {
    async succeed(world) {
      const { admin, ada, system } = world;
      const first = await admin.audit.events({ subject: ada.did, limit: 500 });
      const { logIndex } = first.items.at(-1)!;
      const input = { subject: ada.did, lastEventId: logIndex };
      const events = await open(world, 'audit.stream', input, `ApiKey ${system.adminKey}`);
      const item = (await firstItem(events)) as OperationOutput<'audit.stream'>;
      expect(item).toMatchObject({ subject: ada.did, logIndex: first.items.at(-2)!.logIndex });
      for await (const event of admin.audit.follow(input)) return expect(event).toEqual(item);
    },
    refuse: (world) => open(world, 'audit.stream', {}, 'Bearer nonsense'),
    refusal: 'CREDENTIAL_INVALID',
  },
};
