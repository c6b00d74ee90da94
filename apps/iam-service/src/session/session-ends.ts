import type {
  CommandContext,
  CommandContexts,
  CommandOutcome,
  CommandRunner,
} from '@concordat/eventsourcing';
import { type EndSession, sessionDecider, type SessionState } from './session.decider';
import { sessionProjection, type SessionQueries, sessionStream } from './session.projection';

/** Ends sessions before their time, refresh tokens and access tokens alike: for whoever takes a credential away. */
export class SessionEnds {
  constructor(
    private readonly runner: CommandRunner,
    private readonly contexts: CommandContexts,
    private readonly sessions: SessionQueries,
  ) {}

  /** One that has ended stays so. @throws ConcordatError SESSION_UNKNOWN */
  one(
    context: CommandContext,
    id: string,
    reason: EndSession['reason'],
  ): Promise<CommandOutcome<SessionState>> {
    return this.runner.run(context, {
      stream: sessionStream(id),
      decider: sessionDecider,
      command: { kind: 'EndSession', id, reason },
      projection: sessionProjection,
    });
  }

  /** The live sessions of a user, the oldest first, but for the newest `keep`. Repeated, it ends what is left. */
  async all(tenant: string, userId: string, reason: EndSession['reason'], keep = 0): Promise<void> {
    const live = this.sessions.live(tenant, userId);
    const context = this.contexts.ofService('iam', tenant);
    for (const { id } of live.slice(0, Math.max(live.length - keep, 0))) await this.one(context, id, reason);
  }
}
