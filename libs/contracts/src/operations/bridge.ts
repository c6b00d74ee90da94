import { z } from 'zod';
import { did, timestamp } from '../names';
import { operation } from '../operation';
import { page, pageInput } from '../pages';

const bridge = z.strictObject({
  did,
  /** Of the agent in Redis. */
  user: z.string(),
  /** The stream that the agent writes to. */
  inStream: z.string(),
  /** The stream that it reads from, and the group that it reads as. */
  outStream: z.string(),
  group: z.string(),
  createdAt: timestamp,
});
export type BridgeView = z.infer<typeof bridge>;

export const bridgeOperations = {
  'bridge.put': operation({
    name: 'bridge.put',
    service: 'bus',
    summary:
      'Let an agent speak Redis Streams, by a user of its own in Redis; the password is new, shown in this answer and never again.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'PUT', path: '/v1/bridges/{did}', status: 200 },
    input: z.strictObject({ did }),
    output: bridge.extend({ password: z.string() }),
    errors: ['AGENT_UNKNOWN', 'BRIDGES_FULL', 'BRIDGE_UNAVAILABLE', 'SECRET_ALREADY_SHOWN'],
    revealsSecret: true,
  }),
  'bridge.list': operation({
    name: 'bridge.list',
    service: 'bus',
    summary: 'List the agents that may speak Redis Streams, by DID, without passwords.',
    kind: 'query',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'GET', path: '/v1/bridges', status: 200 },
    input: z.strictObject({ ...pageInput }),
    output: page(bridge),
    errors: ['BRIDGE_UNAVAILABLE'],
  }),
  'bridge.delete': operation({
    name: 'bridge.delete',
    service: 'bus',
    summary: 'Take the user in Redis and the streams from an agent; what waits in them is lost.',
    kind: 'command',
    caller: 'credential',
    scope: 'admin',
    http: { method: 'DELETE', path: '/v1/bridges/{did}', status: 200 },
    input: z.strictObject({ did }),
    output: z.strictObject({ did, deletedAt: timestamp }),
    errors: ['BRIDGE_UNKNOWN', 'BRIDGE_UNAVAILABLE'],
  }),
};
