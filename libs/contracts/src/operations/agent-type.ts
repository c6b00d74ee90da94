import { z } from 'zod';
import { agentType, displayName, timestamp } from '../names';
import { operation } from '../operation';

const definedType = z.strictObject({
  name: agentType,
  description: z.string(),
  /** One of schema v2.0: it is always there. */
  isBuiltIn: z.boolean(),
  /** null for a built-in type */
  definedAt: timestamp.nullable(),
});

export const agentTypeOperations = {
  'agentType.define': operation({
    name: 'agentType.define',
    service: 'iam',
    summary: 'Define a type of agents for the tenant, or describe it anew.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/agent-types/{name}', status: 200 },
    input: z.strictObject({ name: agentType, description: displayName.max(256).optional() }),
    output: definedType,
    errors: ['AGENT_TYPES_FULL'],
  }),
  'agentType.list': operation({
    name: 'agentType.list',
    service: 'iam',
    summary:
      'List the types that agents of the tenant can have: the built-in ones, then the defined ones by name.',
    kind: 'query',
    caller: 'credential',
    scope: 'read',
    http: { method: 'GET', path: '/v1/agent-types', status: 200 },
    input: z.strictObject({}),
    output: z.strictObject({ items: z.array(definedType) }),
    errors: [],
  }),
  'agentType.remove': operation({
    name: 'agentType.remove',
    service: 'iam',
    summary: 'Remove a defined type; refused while there is an agent of it that was not erased.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/agent-types/{name}', status: 200 },
    input: z.strictObject({ name: agentType }),
    output: z.strictObject({ name: agentType, removedAt: timestamp }),
    errors: ['AGENT_TYPE_UNKNOWN', 'AGENT_TYPE_IN_USE'],
  }),
};
