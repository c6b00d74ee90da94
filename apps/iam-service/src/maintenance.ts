import { join } from 'node:path';
import {
  AgentErased,
  AgentKeyRotated,
  AgentReassigned,
  AgentRevoked,
  AgentSuspended,
  AgentVerificationWithdrawn,
  ApiKeyRevoked,
  ApiKeyRotated,
  DelegationRevoked,
  PolicyPublished,
  PolicyRemoved,
  SessionEnded,
  SessionRefreshed,
  SigningKeyRetired,
  TokenRevoked,
  UserDisabled,
  UserErased,
  UserPasswordChanged,
  UserRolesChanged,
} from '@concordat/contracts';
import { runMaintenance } from '@concordat/service';
import { iamKept, iamProjections } from './projections';

/** Run by `./concordat iam verify|backup|restore|recover|rebuild`, beside the service or instead of it. */
runMaintenance({
  service: 'iam',
  migrationsDir: join(__dirname, 'migrations'),
  projections: iamProjections,
  kept: iamKept,
  backsUpKeys: true,
  takesAway: [
    ...[AgentSuspended, AgentReassigned, AgentVerificationWithdrawn, AgentKeyRotated],
    ...[AgentRevoked, AgentErased, ApiKeyRotated, ApiKeyRevoked, PolicyPublished, PolicyRemoved],
    ...[UserRolesChanged, UserPasswordChanged, UserDisabled, UserErased, SessionRefreshed, SessionEnded],
    ...[TokenRevoked, DelegationRevoked, SigningKeyRetired],
  ],
});
