import type { OperationInput, PolicyRequest } from '@concordat/contracts';
import type { AuthorizationFacts } from '@concordat/directory';
import type { OperationContext } from '@concordat/runtime';

export interface RequestPorts {
  readonly facts: AuthorizationFacts;
  readonly now: () => Date;
}

/**
 * A question as the policies see it: what the asker left out and iam-service knows is filled in. Left out, the tenant is
 * the asker's; that of another is compared as it stands, and nothing is looked up in it.
 */
export function completedRequest(
  { subject, action, resource, context: circumstances }: OperationInput<'policy.check'>,
  { principal }: OperationContext,
  { facts, now }: RequestPorts,
): PolicyRequest {
  const own = principal.tenant;
  const known = (tenant: string | undefined, type: string, id: string | null) =>
    type === 'agent' && id !== null && (tenant ?? own) === own ? facts.agent(own, id) : undefined;
  const agent = known(subject.tenant, subject.kind, subject.id);
  const type = resource.type ?? action.slice(0, Math.max(0, action.indexOf('.')));
  const target = known(resource.tenant, type, resource.id);
  return {
    subject: {
      ...subject,
      tenant: subject.tenant ?? own,
      type: subject.type ?? agent?.type ?? null,
      verified: subject.verified ?? agent?.verified ?? null,
    },
    action,
    resource: {
      ...resource,
      type,
      tenant: resource.tenant ?? own,
      owner: resource.owner ?? target?.registeredBy ?? null,
      controllers:
        resource.controllers.length > 0 || !target?.controllerDid
          ? resource.controllers
          : [target.controllerDid],
    },
    context: { time: circumstances.time ?? now().toISOString(), ip: circumstances.ip ?? null },
  };
}
