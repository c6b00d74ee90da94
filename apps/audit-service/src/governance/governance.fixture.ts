import { type OperationRequest, type Principal, type Role, scope } from '@concordat/contracts';
import { administrator, agentPrincipal, eventually } from '@concordat/testing';
import type { AuditBench } from '../testing/audit-bench';

/** Stands in every text that is not to be read by whoever has no key. */
export const canary = 'Kanarienvogel-4711';
export const aim = { actor: canary, inputConstraints: [`${canary} one`], mission: `${canary} two` };

const scopes = [...scope.options];
export const person = (id: string, role: Role, tenant = 'default'): Principal => ({
  ...{ kind: 'user', tenant, id, roles: [role], scopes, tokenId: 't', sessionId: 's' },
});
export const key = (tenant = 'default'): Principal => ({ ...administrator(tenant), scopes }) as Principal;
export const agent = (did: string, tenant?: string): Principal =>
  ({ ...agentPrincipal(did, tenant), scopes }) as Principal;

/** `accepted`, or the code of the refusal. */
export const codeOf = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'accepted',
    (error: { code: string }) => error.code,
  );

/** Short words for what specs ask of the governance log. */
export const askingOf = (audit: () => AuditBench) => ({
  log: async (principal: Principal, over: Partial<OperationRequest<'governance.log'>> = {}) => {
    const input = { mode: 'RESEARCH', action: 'review', aim, ...over } as const;
    return (await audit().caller.call('governance.log', input, { principal })).output;
  },
  logs: async (principal: Principal, input: OperationRequest<'governance.logs'> = {}) =>
    (await audit().caller.call('governance.logs', input, { principal })).output,
  start: async (principal: Principal, over: Partial<OperationRequest<'workflow.start'>> = {}) =>
    (await audit().caller.call('workflow.start', { name: 'nightly', ...over }, { principal })).output,
  end: async (principal: Principal, input: OperationRequest<'workflow.end'>, commandId?: string) =>
    (await audit().caller.call('workflow.end', input, { principal, ...(commandId && { commandId }) })).output,
  get: async (principal: Principal, id: string) =>
    (await audit().caller.call('workflow.get', { id }, { principal })).output,
  view: async (view: OperationRequest<'governance.view'>['view'], principal = key()) =>
    (await audit().caller.call('governance.view', { view }, { principal })).output.items,
  /** The event that tells of a record. */
  told: async (type: string, id: string) =>
    eventually(async () => {
      const { items } = (await audit().caller.call('audit.events', { type, limit: 100 })).output;
      const event = items.find(({ data }) => (data as { id?: string } | null)?.id === id);
      if (!event) throw new Error(`no ${type} tells of ${id} yet`);
      return event;
    }),
  /** What iam-service has published is in the log, and had its effects. */
  iamIsCovered: async () => {
    const { at } = (await audit().log.head('iam'))!;
    await audit().caller.call('audit.key', {}, { minPosition: { iam: at } });
  },
});
