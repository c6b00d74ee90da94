import type { Policy } from '@concordat/contracts';
import { admin } from './administration';
import { boundaries } from './boundaries';
import { everybody, services } from './everybody';
import { auditor, developer, sre, user } from './people';
import { agent, apiKey } from './programs';

/** The policies that are in force in every tenant, before and beside its own. */
export const builtinPolicies: readonly Policy[] = Object.freeze([
  boundaries,
  everybody,
  services,
  admin,
  auditor,
  sre,
  developer,
  user,
  agent,
  apiKey,
]);
