import {
  ApiKeyCreated,
  type ApiKeyEvent,
  ApiKeyRevoked,
  ApiKeyRotated,
  ConcordatError,
  type Scope,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';
import { earlierOf, hasCome, msBetween } from '../times';

export interface CreateApiKey {
  readonly kind: 'CreateApiKey';
  readonly id: string;
  readonly name: string;
  readonly hash: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: string | null;
}

export interface RevokeApiKey {
  readonly kind: 'RevokeApiKey';
  readonly id: string;
}

export interface RotateApiKey {
  readonly kind: 'RotateApiKey';
  readonly id: string;
  readonly rotatedTo: string;
  /** RFC 3339: a key that has expired is not rotated. */
  readonly now: string;
  /** RFC 3339: the old key ends then, unless it ends before. */
  readonly overlapEndsAt: string;
}

export type ApiKeyCommand = CreateApiKey | RevokeApiKey | RotateApiKey;

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: string | null;
  readonly status: 'active' | 'revoked';
  readonly createdAt: string;
  /** How long it was made for; null: for ever. A rotation ends it earlier, and leaves this. */
  readonly lifetimeMs: number | null;
  readonly rotatedTo: string | null;
}

/** undefined: never created */
export type ApiKeyState = ApiKey | undefined;

/** An API key is created, perhaps replaced by another one, which ends it after an overlap, and revoked for good. */
export const apiKeyDecider: Decider<ApiKeyCommand, ApiKeyEvent, ApiKeyState> = {
  initialState: undefined,

  decide(command, key) {
    switch (command.kind) {
      case 'CreateApiKey': {
        if (key) throw new ConcordatError('VERSION_CONFLICT', 'There is a key with this id.');
        const { id, name, hash, scopes, expiresAt } = command;
        return [{ type: ApiKeyCreated.type, data: { id, name, hash, scopes: [...scopes], expiresAt } }];
      }
      case 'RevokeApiKey':
        if (!key) throw new ConcordatError('API_KEY_UNKNOWN');
        return key.status === 'active' ? [{ type: ApiKeyRevoked.type, data: { id: command.id } }] : [];
      case 'RotateApiKey':
        return rotate(command, key);
      default:
        return command satisfies never;
    }
  },

  evolve(key, event, time) {
    switch (event.type) {
      case ApiKeyCreated.type: {
        const { id, name, scopes, expiresAt } = event.data;
        const lifetimeMs = expiresAt === null ? null : msBetween(time, expiresAt);
        const life = { status: 'active', createdAt: time, lifetimeMs, rotatedTo: null } as const;
        return { id, name, scopes, expiresAt, ...life };
      }
      case ApiKeyRotated.type: {
        const { rotatedTo, expiresAt } = event.data;
        return key && { ...key, rotatedTo, expiresAt };
      }
      case ApiKeyRevoked.type:
        return key && { ...key, status: 'revoked' };
      default:
        return event satisfies never;
    }
  },
};

/** A key is replaced once, so that its successors form a chain. */
function rotate({ id, rotatedTo, now, overlapEndsAt }: RotateApiKey, key: ApiKeyState): ApiKeyEvent[] {
  if (!key) throw new ConcordatError('API_KEY_UNKNOWN');
  const isExpired = key.expiresAt !== null && hasCome(key.expiresAt, now);
  if (key.status === 'revoked' || isExpired || key.rotatedTo !== null)
    throw new ConcordatError('API_KEY_ENDED');
  const expiresAt = key.expiresAt === null ? overlapEndsAt : earlierOf(key.expiresAt, overlapEndsAt);
  return [{ type: ApiKeyRotated.type, data: { id, rotatedTo, expiresAt } }];
}
