import * as agentLife from './agent-life';
import * as alert from './alert';
import * as anomaly from './anomaly';
import * as audit from './audit';
import * as auditVerification from './audit-verification';
import * as auditLabel from './audit-label';
import * as bridge from './bridge';
import * as bus from './bus';
import * as credential from './credential';
import * as erasure from './erasure';
import type { EventSpec } from './event';
import * as governance from './governance';
import * as iam from './iam';
import * as limit from './limit';
import * as policy from './policy';
import * as retention from './retention';
import * as schedule from './schedule';
import * as user from './user';
import * as vault from './vault';

const isEvent = (value: unknown): value is EventSpec =>
  typeof value === 'object' && value !== null && 'type' in value && 'data' in value;

/** Every event type of the system. */
export const eventList: readonly EventSpec[] = Object.freeze(
  [
    iam,
    agentLife,
    credential,
    user,
    policy,
    vault,
    bus,
    alert,
    bridge,
    limit,
    schedule,
    audit,
    auditVerification,
    auditLabel,
    governance,
    retention,
    anomaly,
    erasure,
  ].flatMap((room) => (Object.values(room) as unknown[]).filter(isEvent)),
);

const byType = new Map(eventList.map((spec) => [spec.type as string, spec]));

/** @returns undefined for a type that is not in the catalogue */
export const findEvent = (type: string): EventSpec | undefined => byType.get(type);
