import {
  type Aim,
  aim as aimSchema,
  correlationId as correlationIdSchema,
  did,
  dragMode,
  type DragMode,
  errorDefinition,
  governanceOutcome,
  isConcordatError,
  label,
  limits,
  parseStrictJson,
  userId,
} from '@concordat/contracts';
import type { z } from 'zod';

/** What a line of an older log says, as far as the governance log has a place for it; the line itself is kept too. */
export interface ImportedLog {
  readonly mode: DragMode;
  readonly action: string;
  readonly outcome: z.infer<typeof governanceOutcome> | null;
  readonly occurredAtMs: number;
  readonly correlationId: string | null;
  /** A DID or `user:<id>`; null when the line names nobody whom this system knows by an id. */
  readonly subject: string | null;
  /** null when the line does not say both as whom and what for */
  readonly aim: Aim | null;
}

/** Said of a line, without anything that stands in it. */
class LineProblem extends Error {}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a line of a JSONL audit log. Names are taken as older logs write them, in snake_case or camelCase:
 * `occurredAt`, `timestamp` or `created_at`; `mode` or `drag_mode`, in any case; `action`, `workflow_name` or `workflow`;
 * `outcome`; `correlation_id` or `trace_id`; `user_id`; `actor` (text, or an object with `name`) or `actor_name`;
 * `input_constraints` (text or texts); `mission` (text, or an object with `objective`) or `mission_objective`; the last
 * three also inside of `aim`. A time without a zone is UTC.
 * @param nowMs what is later is not imported
 * @returns what is wrong with it as a text
 */
export function readLine(line: string, nowMs: number): ImportedLog | string {
  try {
    const value = parseStrictJson(line, limits.importLineBytes * 4);
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new LineProblem('a line is a JSON object');
    return logOf(value as Fields, nowMs);
  } catch (error) {
    if (error instanceof LineProblem) return error.message;
    // Its detail may name a key, which is the caller's.
    if (isConcordatError(error)) return errorDefinition(error.code).title;
    throw error;
  }
}

function logOf(fields: Fields, nowMs: number): ImportedLog {
  const correlation = correlationIdSchema.safeParse(
    first(fields, 'correlationId', 'correlation_id', 'trace_id'),
  );
  const outcome = first(fields, 'outcome');
  return {
    mode: checked('mode', dragMode, upper(first(fields, 'mode', 'drag_mode', 'dragMode'))),
    action: checked('action', label, first(fields, 'action', 'workflow_name', 'workflowName', 'workflow')),
    outcome: outcome === undefined ? null : checked('outcome', governanceOutcome, lower(outcome)),
    occurredAtMs: timeOf(first(fields, 'occurredAt', 'occurred_at', 'timestamp', 'created_at'), nowMs),
    correlationId: correlation.success ? correlation.data : null,
    subject: subjectOf(fields),
    aim: aimOf(fields),
  };
}

/** The first field of these that is there. */
const first = (fields: Fields, ...names: readonly string[]): unknown =>
  names.map((name) => fields[name]).find((value) => value !== undefined && value !== null);

function checked<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  if (value === undefined) throw new LineProblem(`${name} is missing`);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new LineProblem(`${[name, ...issue!.path].join('.')}: ${issue!.message}`);
}

const upper = (value: unknown): unknown => (typeof value === 'string' ? value.toUpperCase() : value);
const lower = (value: unknown): unknown => (typeof value === 'string' ? value.toLowerCase() : value);

const timePattern = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/;

function timeOf(value: unknown, nowMs: number): number {
  if (value === undefined) throw new LineProblem('occurredAt (or timestamp, created_at) is missing');
  const zone = typeof value === 'string' ? timePattern.exec(value)?.[2] : undefined;
  const isTime = typeof value === 'string' && timePattern.test(value);
  const ms = isTime ? Date.parse(`${value.replace(' ', 'T')}${zone === undefined ? 'Z' : ''}`) : Number.NaN;
  if (Number.isNaN(ms)) throw new LineProblem('occurredAt: must be a time as in RFC 3339');
  if (ms < 0 || ms > nowMs) throw new LineProblem('occurredAt: must have passed, and be after 1970');
  return ms;
}

function subjectOf(fields: Fields): string | null {
  const user = userId.safeParse(first(fields, 'userId', 'user_id'));
  if (user.success) return `user:${user.data}`;
  const agent = did.safeParse(first(fields, 'agentDid', 'agent_did', 'did', 'actor'));
  return agent.success ? agent.data : null;
}

function aimOf(fields: Fields): Aim | null {
  const inner = isObject(fields['aim']) ? fields['aim'] : fields;
  const actor = partOf(first(inner, 'actor', 'actor_name', 'actorName'), 'name');
  const mission = partOf(first(inner, 'mission', 'mission_objective', 'missionObjective'), 'objective');
  if (actor === undefined || mission === undefined) return null;
  const bounds = first(inner, 'inputConstraints', 'input_constraints', 'constraints') ?? [];
  return checked('aim', aimSchema, {
    actor,
    mission,
    inputConstraints: typeof bounds === 'string' ? [bounds] : bounds,
  });
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const partOf = (value: unknown, name: string): unknown =>
  isObject(value) ? (value[name] ?? undefined) : value;
