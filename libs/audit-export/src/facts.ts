import { z } from 'zod';
import type { ClosedEvent, OpenEvent } from './record';

const published = z.object({
  id: z.string(),
  type: z.string(),
  time: z.string(),
  source: z.string(),
  subject: z.string(),
  actor: z.string(),
  tenant: z.string(),
  correlation: z.string().nullable(),
  traceparent: z.string().nullable(),
});
const leafHeader = published.pick({ id: true, type: true, time: true });

export type Action = 'create' | 'read' | 'update' | 'delete' | 'other';
export type Room = 'authentication' | 'entity' | 'activity';

/** What the mappings know of an event. Of one that is closed only what its leaf says. */
export interface EventFacts extends Partial<z.infer<typeof published>> {
  readonly id: string;
  readonly type: string;
  readonly time: string;
  readonly timeMs: number;
  readonly logIndex: number;
  /** Of the type: `concordat.<service>.<noun>.<verb>.v<n>`. */
  readonly service: string;
  readonly noun: string;
  readonly verb: string;
  readonly action: Action;
  readonly room: Room;
  readonly failed: boolean;
  readonly traceId: string | undefined;
  /** Canonical text of the event; undefined when it is closed. */
  readonly text: string | undefined;
}

/** Past verbs of the types, by what was done. What is new and not here is `other`. */
const verbs: Readonly<Record<Exclude<Action, 'other'>, readonly string[]>> = {
  create: [
    ...['accepted', 'created', 'declared', 'defined', 'granted', 'issued', 'logged', 'placed', 'published'],
    ...['raised', 'recorded', 'registered'],
  ],
  read: ['exported', 'opened', 'queried', 'read'],
  update: [
    ...['activated', 'changed', 'disabled', 'enabled', 'reassigned', 'refreshed', 'resumed', 'rotated'],
    ...['suspended', 'unlocked', 'updated', 'written'],
  ],
  delete: [
    ...['cleared', 'deleted', 'dropped', 'erased', 'purged', 'released', 'removed', 'retired', 'revoked'],
    'withdrawn',
  ],
};
const failures: readonly string[] = ['refused', 'failed', 'exceeded', 'expired'];
const authentication: readonly string[] = ['handshake', 'login', 'session', 'token'];

const actionOf = (verb: string): Action =>
  (Object.keys(verbs) as (keyof typeof verbs)[]).find((action) => verbs[action].includes(verb)) ?? 'other';

function roomOf(service: string, noun: string): Room {
  if (service === 'iam' && authentication.includes(noun)) return 'authentication';
  return service === 'iam' || service === 'vault' ? 'entity' : 'activity';
}

/** @throws Error when the text is not an event, or the leaf not a leaf */
export function factsOf(record: OpenEvent | ClosedEvent): EventFacts {
  const text = record.kind === 'event' ? record.event : undefined;
  const fields: z.infer<typeof leafHeader> & Partial<z.infer<typeof published>> =
    record.kind === 'event'
      ? published.parse(JSON.parse(record.event))
      : leafHeader.parse(JSON.parse(record.leaf));
  const [, service = '', noun = '', verb = ''] = fields.type.split('.');
  const timeMs = Date.parse(fields.time);
  if (!Number.isFinite(timeMs)) throw new Error('the time of the event is none');
  return {
    ...fields,
    ...{ timeMs, logIndex: record.logIndex, service, noun, verb, text },
    action: actionOf(verb),
    room: roomOf(service, noun),
    failed: failures.includes(verb),
    traceId: /^[0-9a-f]{2}-([0-9a-f]{32})-/.exec(fields.traceparent ?? '')?.[1],
  };
}
