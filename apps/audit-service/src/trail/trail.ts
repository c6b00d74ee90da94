import {
  actorOf,
  ConcordatError,
  type Principal,
  type Role,
  TrailOpened,
  TrailQueried,
} from '@concordat/contracts';
import type { OperationContext } from '@concordat/runtime';
import type { Feed } from '@concordat/streams';
import { within } from '../store/deadline';

/** Whose entries a reader may see. */
export interface Reach {
  readonly tenant: string;
  /** Under which names an agent appears in events and messages; null: everything in the tenant. */
  readonly names: readonly string[] | null;
}

/** Roles that read the trail of their whole tenant. */
const overseers: readonly Role[] = ['admin', 'auditor', 'sre'];

/** Agents and users see what concerns them; API keys and overseers their tenant. @throws ConcordatError CREDENTIAL_MISSING */
export function reachOf(principal: Principal): Reach {
  const { tenant } = principal;
  switch (principal.kind) {
    case 'agent':
      return { tenant, names: [principal.id, actorOf(principal)] };
    case 'apiKey':
      return { tenant, names: null };
    case 'user': {
      const isOverseer = principal.roles.some((role) => overseers.includes(role));
      return { tenant, names: isOverseer ? null : [actorOf(principal)] };
    }
    case 'anonymous':
      throw new ConcordatError('CREDENTIAL_MISSING');
    default:
      return principal satisfies never;
  }
}

/** Longest time a query takes, all in all: the caller stops waiting after `limits.replyMs`, 200 ms later. */
const queryMs = 1_700;

/** Who looked into the trail stands in the trail. */
export class Trail {
  constructor(private readonly feed: Pick<Feed, 'append'>) {}

  /**
   * Runs a query and puts it into the audit feed before its answer leaves, found or not.
   * @param query its results, and how to go on when the query is on record
   * @throws ConcordatError SERVICE_UNAVAILABLE when the trail or the feed does not answer in time
   */
  async query<T>(
    context: OperationContext,
    query: (reach: Reach) => Promise<{ results: number; answer: T }>,
  ): Promise<T> {
    const { principal } = context;
    const run = async (): Promise<T> => {
      const { results, answer } = await query(reachOf(principal));
      await this.#record(context, results);
      return answer;
    };
    return within(queryMs, run());
  }

  /**
   * Puts a stream of events into the audit feed before its first event leaves; what it brings is not counted.
   * @param about of whom everything was asked, if that is so
   * @throws ConcordatError SERVICE_UNAVAILABLE when the feed does not answer in time
   */
  opened(
    { operation, principal, conversation, traceparent }: OperationContext,
    about: string | null,
  ): Promise<void> {
    const actor = actorOf(principal);
    const entry = this.feed.append({
      spec: TrailOpened,
      tenant: principal.tenant,
      actor,
      data: { operation, reader: actor, about },
      correlation: conversation,
      traceparent,
    });
    return within(
      queryMs,
      entry.then(() => undefined),
    );
  }

  async #record(
    { operation, principal, conversation, traceparent }: OperationContext,
    results: number,
  ): Promise<void> {
    const actor = actorOf(principal);
    await this.feed.append({
      spec: TrailQueried,
      tenant: principal.tenant,
      actor,
      data: { operation, reader: actor, results },
      correlation: conversation,
      traceparent,
    });
  }
}
