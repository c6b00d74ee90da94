import { Authorizer } from '@concordat/directory';
import { CommandContexts, CommandRunner, SqliteEventStore } from '@concordat/eventsourcing';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { Module } from '@nestjs/common';
import { StoredAuthorizer, StoredFacts } from './authorization';
import { policyHandlers } from './policy.handler';
import { PolicyQueries } from './policy.projection';

export const POLICY_HANDLERS = Symbol('PolicyHandlers');

@Module({
  providers: [
    {
      provide: PolicyQueries,
      useFactory: (store: SqliteEventStore) => new PolicyQueries(store.reader),
      inject: [SqliteEventStore],
    },
    {
      provide: StoredFacts,
      useFactory: (store: SqliteEventStore, policies: PolicyQueries) =>
        new StoredFacts(store.reader, policies),
      inject: [SqliteEventStore, PolicyQueries],
    },
    {
      provide: Authorizer,
      useFactory: (facts: StoredFacts, clock: Clock) => new Authorizer(facts, clock.now),
      inject: [StoredFacts, CLOCK],
    },
    {
      provide: StoredAuthorizer,
      useFactory: (authorizer: Authorizer) => new StoredAuthorizer(authorizer),
      inject: [Authorizer],
    },
    {
      provide: POLICY_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        store: SqliteEventStore,
        policies: PolicyQueries,
        authorizer: Authorizer,
        facts: StoredFacts,
        clock: Clock,
      ) => policyHandlers({ runner, contexts, store, policies, authorizer, facts, now: clock.now }),
      inject: [
        CommandRunner,
        CommandContexts,
        SqliteEventStore,
        PolicyQueries,
        Authorizer,
        StoredFacts,
        CLOCK,
      ],
    },
  ],
  exports: [POLICY_HANDLERS, PolicyQueries, StoredAuthorizer],
})
export class PolicyModule {}
