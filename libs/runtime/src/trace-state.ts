import type { TraceState } from '@opentelemetry/api';

type Member = readonly [key: string, value: string];

const membersLimit = 32;
/** Characters that are handed on; more is cut as the specification says (“tracestate Limits”). */
const charactersLimit = 512;
/** Members longer than this go first. */
const longMember = 128;

/** Trace Context Level 2, “list-members”. */
const keyPattern = /^[a-z0-9][a-z0-9_\-*/@]{0,255}$/;
const valuePattern = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

const isMember = ([key, value]: Member): boolean => keyPattern.test(key) && valuePattern.test(value);
const textOf = (members: readonly Member[]): string => members.map((member) => member.join('=')).join(',');

/**
 * The members of a `tracestate`, several headers joined by commas; of the same key the first, which is the latest.
 * @returns none when it is malformed or has too many: the trace goes on without it
 */
export function parseTracestate(text: string): Member[] {
  const members = new Map<string, string>();
  // Empty ones come of empty headers, and are none.
  const parts = text
    .split(',')
    .map(trimSpace)
    .filter((part) => part !== '');
  if (parts.length > membersLimit) return [];
  for (const member of parts) {
    const [key = '', ...values] = member.split('=');
    const value = values.join('=');
    if (!isMember([key, value])) return [];
    if (!members.has(key)) members.set(key, value);
  }
  return shortened([...members]);
}

/** Without the spaces and tabs around it, in linear time whatever comes (RFC 9110 §5.6.3). */
export function trimSpace(text: string): string {
  const isSpace = (at: number): boolean => text[at] === ' ' || text[at] === '\t';
  let [from, to] = [0, text.length];
  while (from < to && isSpace(from)) from++;
  while (to > from && isSpace(to - 1)) to--;
  return text.slice(from, to);
}

function shortened(members: readonly Member[]): Member[] {
  const kept = [...members];
  const isLong = (member: Member): boolean => textOf([member]).length > longMember;
  while (textOf(kept).length > charactersLimit) {
    const long = kept.findLastIndex(isLong);
    kept.splice(long < 0 ? kept.length - 1 : long, 1);
  }
  return kept;
}

/** What other tracing systems passed along, unchanged and in their order. */
export class PassedTraceState implements TraceState {
  /** @param isRandom the flag of the `traceparent` that it came with: spans keep this object, but not the flag */
  constructor(
    private readonly members: readonly Member[],
    readonly isRandom: boolean,
  ) {}

  get(key: string): string | undefined {
    return this.members.find(([known]) => known === key)?.[1];
  }

  set(key: string, value: string): PassedTraceState {
    if (!isMember([key, value])) return this;
    const others = this.members.filter(([known]) => known !== key);
    const members: Member[] = [[key, value], ...others];
    return new PassedTraceState(shortened(members.slice(0, membersLimit)), this.isRandom);
  }

  unset(key: string): PassedTraceState {
    return new PassedTraceState(
      this.members.filter(([known]) => known !== key),
      this.isRandom,
    );
  }

  serialize(): string {
    return textOf(this.members);
  }
}
