import {
  ConcordatError,
  correlationId,
  hasScope,
  type OperationSpec,
  type Principal,
} from '@concordat/contracts';

/** @throws ConcordatError AGENT_REQUIRED, SCOPE_MISSING */
export function requireScope({ caller, scope, name }: OperationSpec, principal: Principal): void {
  if (caller === 'gateway') throw new ConcordatError('ROUTE_UNKNOWN');
  if (caller === 'agent' && principal.kind !== 'agent') throw new ConcordatError('AGENT_REQUIRED');
  if (scope !== undefined && !hasScope(principal, scope)) {
    throw new ConcordatError('SCOPE_MISSING', `${name} needs the scope "${scope}".`);
  }
}

/** @throws ConcordatError INPUT_INVALID: it is kept with every event, so it is as bounded as in a message */
export function conversationOf(header: string | undefined): string | null {
  if (header === undefined) return null;
  if (correlationId.safeParse(header).success) return header;
  const errors = [{ pointer: 'Concordat-Correlation-Id', message: 'must be 1–128 visible ASCII characters' }];
  throw new ConcordatError('INPUT_INVALID', 'The header Concordat-Correlation-Id is malformed.', { errors });
}

/** Who has so many streams: the one who acts, whoever's right it is. */
export function ownerOf(principal: Principal): string {
  const acting = principal.kind === 'agent' ? principal.actors?.[0] : undefined;
  return `${principal.tenant} ${principal.kind}:${acting ?? principal.id}`;
}
