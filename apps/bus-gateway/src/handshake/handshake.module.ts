import { fromBase64url } from '@concordat/crypto';
import type { Clock } from '@concordat/runtime';
import { CLOCK } from '@concordat/service';
import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { ServiceCalls } from '../edge/service-calls';
import { handshakeHandlers } from './handshake.handler';

export const HANDSHAKE_HANDLERS = Symbol('HandshakeHandlers');

@Module({
  providers: [
    {
      provide: HANDSHAKE_HANDLERS,
      useFactory: (services: ServiceCalls, clock: Clock, { audience, challengeKey }: GatewayConfig) =>
        handshakeHandlers({ services, clock, audience, challengeKey: fromBase64url(challengeKey)! }),
      inject: [ServiceCalls, CLOCK, GATEWAY_CONFIG],
    },
  ],
  exports: [HANDSHAKE_HANDLERS],
})
export class HandshakeModule {}
