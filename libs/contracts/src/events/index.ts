import * as agentLife from './agent-life';
import * as audit from './audit';
import * as bus from './bus';
import * as credential from './credential';
import type { EventSpec } from './event';
import * as iam from './iam';
import * as policy from './policy';
import * as user from './user';
import * as vault from './vault';

const isEvent = (value: unknown): value is EventSpec =>
  typeof value === 'object' && value !== null && 'type' in value && 'data' in value;

/** Every event type of the system. */
export const eventList: readonly EventSpec[] = Object.freeze(
  [iam, agentLife, credential, user, policy, vault, bus, audit].flatMap((room) =>
    (Object.values(room) as unknown[]).filter(isEvent),
  ),
);

const byType = new Map(eventList.map((spec) => [spec.type as string, spec]));

/** @returns undefined for a type that is not in the catalogue */
export const findEvent = (type: string): EventSpec | undefined => byType.get(type);
