import { CommandContexts, CommandRunner } from '@concordat/eventsourcing';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { RefusalFeed } from '@concordat/streams';
import { Module } from '@nestjs/common';
import { AgentModule } from '../agent/agent.module';
import { AgentQueries } from '../agent/agent-queries.projection';
import { IAM_CONFIG, type IamConfig } from '../config';
import { SigningKeyModule } from '../signing-key/signing-key.module';
import { SigningKeys } from '../signing-key/signing-keys';
import { handshakeHandlers } from './handshake.handler';

export const HANDSHAKE_HANDLERS = Symbol('HandshakeHandlers');

@Module({
  imports: [AgentModule, SigningKeyModule],
  providers: [
    {
      provide: HANDSHAKE_HANDLERS,
      useFactory: (
        runner: CommandRunner,
        contexts: CommandContexts,
        agents: AgentQueries,
        signingKeys: SigningKeys,
        refusals: RefusalFeed,
        clock: Clock,
        config: IamConfig,
      ) =>
        handshakeHandlers({
          runner,
          contexts,
          agents,
          signingKeys,
          refusals,
          clock,
          audience: config.audience,
        }),
      inject: [CommandRunner, CommandContexts, AgentQueries, SigningKeys, RefusalFeed, CLOCK, IAM_CONFIG],
    },
  ],
  exports: [HANDSHAKE_HANDLERS],
})
export class HandshakeModule {}
