import {
  ApiKeyCreated,
  type ApiKeyEvent,
  ApiKeyRevoked,
  ConcordatError,
  type Scope,
} from '@concordat/contracts';
import type { Decider } from '@concordat/eventsourcing';

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

export type ApiKeyCommand = CreateApiKey | RevokeApiKey;

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly expiresAt: string | null;
  readonly status: 'active' | 'revoked';
  readonly createdAt: string;
}

/** undefined: never created */
export type ApiKeyState = ApiKey | undefined;

/** An API key is created, and revoked for good. */
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
      default:
        return command satisfies never;
    }
  },

  evolve(key, event, time) {
    switch (event.type) {
      case ApiKeyCreated.type: {
        const { id, name, scopes, expiresAt } = event.data;
        return { id, name, scopes, expiresAt, status: 'active', createdAt: time };
      }
      case ApiKeyRevoked.type:
        return key && { ...key, status: 'revoked' };
      default:
        return event satisfies never;
    }
  },
};
