import { join } from 'node:path';
import {
  AgentErased,
  AgentKeyRotated,
  AgentRevoked,
  AgentSuspended,
  ApiKeyRevoked,
  DelegationRevoked,
  SessionEnded,
  SigningKeyRetired,
  TokenRevoked,
  UserDisabled,
  UserErased,
} from '@concordat/contracts';
import { runMaintenance } from '@concordat/service';
import { iamKept, iamProjections } from './projections';

/** Run by `./concordat iam verify|backup|restore|recover|rebuild`, beside the service or instead of it. */
runMaintenance({
  service: 'iam',
  migrationsDir: join(__dirname, 'migrations'),
  projections: iamProjections,
  kept: iamKept,
  takesAway: [
    ...[AgentSuspended, AgentKeyRotated, AgentRevoked, AgentErased, ApiKeyRevoked],
    ...[UserDisabled, UserErased, SessionEnded],
    ...[TokenRevoked, DelegationRevoked, SigningKeyRetired],
  ],
});
