import { Directory, Freshness } from '@concordat/directory';
import { Module } from '@nestjs/common';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { didHandlers } from './did.handler';

export const DID_HANDLERS = Symbol('DidHandlers');

@Module({
  providers: [
    {
      provide: DID_HANDLERS,
      useFactory: (directory: Directory, freshness: Freshness, { didWebDomain }: GatewayConfig) =>
        didHandlers({ directory, freshness, didWebDomain }),
      inject: [Directory, Freshness, GATEWAY_CONFIG],
    },
  ],
  exports: [DID_HANDLERS],
})
export class DidModule {}
