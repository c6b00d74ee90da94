import { type Principal, TrailQueried } from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import { administrator } from '@concordat/testing';
import { type AuditBench, startAuditBench } from '../testing/audit-bench';
import type { OwnEvent } from './own-events';

jest.setTimeout(60_000);

describe('what audit-service itself decides', () => {
  let audit: AuditBench;
  let count = 0;
  beforeAll(async () => void (audit = await startAuditBench()));
  afterAll(() => audit.stop());

  const newId = (): string => `command-${++count}`;
  const contextOf = (commandId: string, principal: Principal = administrator()): OperationContext => ({
    ...{ operation: 'audit.key', principal, commandId, minPosition: {}, conversation: 'talk' },
    ...{ traceparent: null, address: null },
  });
  const queried = (results: number): OwnEvent => ({
    ...{ spec: TrailQueried, tenant: 'default', actor: 'service:audit' },
    data: { operation: 'own', reader: 'service:audit', results },
  });
  const put = (commandId: string, results: number) =>
    audit.ownEvents().command(contextOf(commandId), { results }, async (_em, append) => {
      append(queried(results));
      return { results };
    });
  const eventsOf = async (minPosition: Record<string, { epoch: number; position: number }>) => {
    await audit.caller.call('audit.key', {}, { minPosition });
    const input = { type: TrailQueried.type, actor: 'service:audit', limit: 100 };
    return (await audit.caller.call('audit.events', input)).output.items;
  };

  it('is in the log once its position is covered, and can be proven', async () => {
    const { output, position, source } = await put(newId(), 1);
    expect([output, source]).toEqual([{ results: 1 }, 'audit']);
    const [event] = await eventsOf({ audit: position! });
    expect(event).toMatchObject({ source: '/concordat/audit', correlationId: 'talk', data: { results: 1 } });
    const { output: bundle } = await audit.caller.call('audit.inclusionProof', { eventId: event!.id });
    expect(bundle.disclosure!.event).toContain('"results\\":1');
  });

  it('a command that is repeated, also at the same time, is answered as the first was and has one effect', async () => {
    const id = newId();
    const answers = await Promise.all([put(id, 2), put(id, 2), put(id, 2)]);
    answers.push(await put(id, 2));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    const events = await eventsOf({ audit: answers[0]!.position! });
    expect(events.filter(({ data }) => (data as { results: number }).results === 2)).toHaveLength(1);
  });

  it('another request under the id of an earlier one is refused', async () => {
    const id = newId();
    await put(id, 3);
    await expect(put(id, 4)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('a command that fails leaves nothing, and may be given again', async () => {
    const id = newId();
    const failing = audit.ownEvents().command(contextOf(id), { results: 5 }, async (_em, append) => {
      append(queried(5));
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    const { position } = await put(id, 5);
    const events = await eventsOf({ audit: position! });
    expect(events.filter(({ data }) => (data as { results: number }).results === 5)).toHaveLength(1);
  });

  it('events of two processes have one order, and a restart publishes none of them again', async () => {
    const stopSecond = await audit.startSecond();
    const mine = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        audit.ownEvents().transaction(async (_em, append) => append(queried(100 + i))),
      ),
    );
    expect(mine).toHaveLength(20);
    await stopSecond();
    await audit.restart();
    const { position } = await put(newId(), 6);
    const events = await eventsOf({ audit: position! });
    const found = events.map(({ data }) => (data as { results: number }).results).filter((n) => n >= 100);
    expect(found.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
    expect(position!.position).toBe(events.length);
  });
});
