import { z } from 'zod';
import { operationPattern } from '../delegation';
import { limits } from '../limits';
import { did, scope, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';
import { delegationId } from './token';

export const delegation = z.strictObject({
  id: delegationId,
  /** whose right it is */
  owner: did,
  /** who handed it on: the owner, or the receiver of `parent` */
  from: did,
  to: did,
  parent: delegationId.nullable(),
  scopes: z.array(scope),
  /** null: every operation that can be delegated */
  operations: z.array(operationPattern).nullable(),
  status: z.enum(['active', 'revoked', 'expired']),
  createdAt: timestamp,
  expiresAt: timestamp,
});
export type Delegation = z.infer<typeof delegation>;

export const delegationOperations = {
  'delegation.create': operation({
    name: 'delegation.create',
    service: 'iam',
    summary: 'Hand a part of the own right, or of one that was handed on, to another agent for a time.',
    kind: 'command',
    caller: 'agent',
    http: { method: 'POST', path: '/v1/delegations', status: 201 },
    input: z.strictObject({
      to: did,
      scopes: z.array(scope).min(1).max(5),
      /** Names or patterns such as `memory.*`; left out: all that the caller may delegate. */
      operations: z.array(operationPattern).min(1).max(32).optional(),
      expiresInSeconds: z.number().int().min(1).max(limits.delegationSeconds).default(3_600),
    }),
    output: delegation,
    errors: [
      'AGENT_UNKNOWN',
      'DELEGATION_TOO_WIDE',
      'DELEGATION_FORBIDDEN',
      'DELEGATION_UNKNOWN',
      'DELEGATIONS_FULL',
    ],
  }),
  'delegation.get': operation({
    name: 'delegation.get',
    service: 'iam',
    summary: 'Read a delegation; only who is part of it and an administrator can see it.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/delegations/{id}', status: 200 },
    input: z.strictObject({ id: delegationId }),
    output: delegation,
    errors: ['DELEGATION_UNKNOWN'],
  }),
  'delegation.list': operation({
    name: 'delegation.list',
    service: 'iam',
    summary:
      'List delegations, oldest first: those of the caller, or with the scope admin those of the tenant.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/delegations', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(delegation),
    errors: [],
  }),
  'delegation.revoke': operation({
    name: 'delegation.revoke',
    service: 'iam',
    summary:
      'Take a delegation back, and with it all that were made of it: every door refuses within a second.',
    kind: 'command',
    caller: 'credential',
    scope: 'write',
    http: { method: 'DELETE', path: '/v1/delegations/{id}', status: 200 },
    input: z.strictObject({ id: delegationId }),
    output: delegation,
    errors: ['DELEGATION_UNKNOWN'],
  }),
};
