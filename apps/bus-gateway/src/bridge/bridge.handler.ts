import { createHash, randomBytes } from 'node:crypto';
import { actorOf, BridgeRegistered, BridgeRemoved, ConcordatError, limits } from '@concordat/contracts';
import type { Directory } from '@concordat/directory';
import {
  activeTraceparent,
  type Clock,
  type OperationContext,
  type OperationHandlers,
} from '@concordat/runtime';
import type { Feed } from '@concordat/streams';
import { pageByName } from '../topic/name-cursor';
import { type Bridge, type BridgeStore, userOf, viewOf } from './bridge-store';
import type { RedisUsers } from './redis-users';

export interface BridgePorts {
  readonly store: BridgeStore;
  readonly users: RedisUsers;
}

export interface BridgeHandlerPorts {
  /** Undefined: the bridge is off. */
  readonly bridge: BridgePorts | undefined;
  readonly directory: Pick<Directory, 'agent'>;
  readonly feed: Pick<Feed, 'append'>;
  readonly clock: Clock;
}

/** The operations `bridge.*`. What changes who may write is in the audit feed before it is in force. */
export function bridgeHandlers({ bridge, directory, feed, clock }: BridgeHandlerPorts) {
  const ports = (): BridgePorts => {
    if (!bridge) throw new ConcordatError('BRIDGE_UNAVAILABLE', 'The bridge is off at this gateway.');
    return bridge;
  };
  const record = (
    spec: typeof BridgeRegistered | typeof BridgeRemoved,
    of: Bridge,
    { principal, conversation }: OperationContext,
  ) =>
    feed.append({
      ...{ spec, tenant: of.tenant, actor: actorOf(principal), data: { did: of.did, user: userOf(of) } },
      ...{ correlation: conversation, traceparent: activeTraceparent() },
    });

  return {
    'bridge.put': async ({ did }, context) => {
      const { store, users } = ports();
      const { tenant } = context.principal;
      if (directory.agent(tenant, did)?.status !== 'active') throw new ConcordatError('AGENT_UNKNOWN');
      const before = await store.find(tenant, did);
      const commandId = context.commandId!;
      if (before?.commandId === commandId) throw new ConcordatError('SECRET_ALREADY_SHOWN');
      if (!before && (await store.ofTenant(tenant)).length >= limits.bridges)
        throw new ConcordatError('BRIDGES_FULL');
      const { password, hash: passwordHash } = newPassword();
      const made: Bridge = {
        ...{ tenant, did, id: before?.id ?? randomBytes(8).toString('hex') },
        ...{ passwordHash, commandId, createdAt: before?.createdAt ?? clock.now().toISOString() },
      };
      await users.requireRights();
      await record(BridgeRegistered, made, context);
      await users.provideStreams(made);
      // First, so that a gateway that has read what was there before finds out, and undoes what it has done by it.
      await store.put(made);
      // Whoever came in with the password before is out.
      await users.remove(made);
      await users.set(made, true);
      return { output: { ...viewOf(made), password }, position: null };
    },

    'bridge.list': async (input, { principal }) => {
      const bridges = await ports().store.ofTenant(principal.tenant);
      const { items, nextCursor } = pageByName(bridges, ({ did }) => did, input);
      return { output: { items: items.map(viewOf), nextCursor }, position: null };
    },

    'bridge.delete': async ({ did }, context) => {
      const { store, users } = ports();
      const found = await store.find(context.principal.tenant, did);
      if (!found) throw new ConcordatError('BRIDGE_UNKNOWN');
      await record(BridgeRemoved, found, context);
      await store.delete(found);
      await users.remove(found);
      await store.deleteStreams(found);
      return { output: { did, deletedAt: clock.now().toISOString() }, position: null };
    },
  } satisfies OperationHandlers;
}

/** 256 random bits, so that a plain hash of them tells nothing. */
function newPassword(): { password: string; hash: string } {
  const password = randomBytes(32).toString('base64url');
  return { password, hash: createHash('sha256').update(password).digest('hex') };
}
