import {
  type JsonValue,
  MessageAccepted,
  MessageDelivered,
  type OperationRequest,
  RequestRefused,
} from '@concordat/contracts';
import { administrator, newAgent, plainMessage } from '@concordat/testing';
import type { AuditBench } from '../testing/audit-bench';

export const [alice, bob, carol, dave] = Array.from({ length: 4 }, () => newAgent().did) as [
  ...[string, string, string, string],
];

/** What fills a trail with events and messages, and asks what is left of them. */
export function fillingOf(bench: () => AuditBench) {
  let counter = 0;
  const covered = async (...sources: string[]): Promise<void> => {
    const heads = sources.map(async (name) => [name, (await bench().log.head(name))!.at] as const);
    await bench().caller.call('audit.key', {}, { minPosition: Object.fromEntries(await Promise.all(heads)) });
  };
  const refuse = async (caller: string, tenant = 'default'): Promise<void> => {
    await bench()
      .feed('bus.feed')
      .append({
        ...{ tenant, actor: 'anonymous', correlation: 'talk', traceparent: null, spec: RequestRefused },
        data: { operation: 'agent.list', code: 'CREDENTIAL_INVALID', caller, count: 1 },
      });
    await covered('bus.feed');
  };
  const idAt = (ms: number): string => {
    const hex = ms.toString(16).padStart(12, '0');
    return `msg-1-0-${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(++counter).padStart(12, '0')}`;
  };
  const accept = async (messageId: string, from: string, tenant = 'default'): Promise<string> => {
    const common = { tenant, actor: `agent:${from}`, correlation: null, traceparent: null };
    const said = { type: 'COMMAND', priority: 'NORMAL', payload: { secret: messageId } } as const;
    const data = { ...plainMessage, messageId, from, to: bob, ...said };
    await bench()
      .feed('bus.0')
      .append({ ...common, spec: MessageAccepted, data });
    await covered('bus.0');
    return messageId;
  };
  const deliver = async (messageId: string, from: string): Promise<void> => {
    const common = { tenant: 'default', actor: `agent:${bob}`, correlation: null, traceparent: null };
    const data = { messageId, from, to: bob, attempt: 1 };
    await bench()
      .feed('bus.0')
      .append({ ...common, spec: MessageDelivered, data });
    await covered('bus.0');
  };
  const set = async (input: OperationRequest<'audit.setRetention'>, principal = administrator()) =>
    (await bench().caller.call('audit.setRetention', input, { principal })).output;
  const hold = async (input: OperationRequest<'audit.placeHold'>, principal = administrator()) =>
    (await bench().caller.call('audit.placeHold', input, { principal })).output.id;
  const eventsOf = async (input: OperationRequest<'audit.events'>, principal = administrator()) =>
    (await bench().caller.call('audit.events', { limit: 100, ...input }, { principal })).output.items;
  const toldOf = async (type: string, principal = administrator()): Promise<JsonValue[]> => {
    const [head] = await bench().rows<{ epoch: string; position: string }>(
      'SELECT head_epoch AS epoch, position FROM own_head',
    );
    const minPosition = { audit: { epoch: Number(head!.epoch), position: Number(head!.position) } };
    await bench().caller.call('audit.key', {}, { minPosition });
    return (await eventsOf({ type }, principal)).map(({ data }) => data);
  };
  const messagesFrom = async (agent: string) =>
    (await bench().caller.call('audit.messages', { agent })).output.items;
  const placeOf = (table: string, where: string) =>
    bench().rows<{ name: string; retention_class: string }>(
      `SELECT tableoid::regclass::text AS name, retention_class FROM ${table} WHERE ${where} ORDER BY 1`,
    );
  return {
    ...{ covered, refuse, idAt, accept, deliver, set, hold, eventsOf, toldOf, messagesFrom, placeOf },
  };
}
