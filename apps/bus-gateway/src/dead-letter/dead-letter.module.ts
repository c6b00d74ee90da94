import { Module } from '@nestjs/common';
import { BusModule } from '../bus/bus.module';
import { PartitionScripts } from '../bus/partition-scripts';
import { GATEWAY_CONFIG, type GatewayConfig } from '../config';
import { deadLetterHandlers } from './dead-letter.handler';
import { DeadLetterStore } from './dead-letter-store';

export const DEAD_LETTER_HANDLERS = Symbol('DeadLetterHandlers');

@Module({
  imports: [BusModule],
  providers: [
    {
      provide: DEAD_LETTER_HANDLERS,
      useFactory: (scripts: PartitionScripts, { busPartitions }: GatewayConfig) =>
        deadLetterHandlers(new DeadLetterStore(scripts, busPartitions)),
      inject: [PartitionScripts, GATEWAY_CONFIG],
    },
  ],
  exports: [DEAD_LETTER_HANDLERS],
})
export class DeadLetterModule {}
