import { Module } from '@nestjs/common';
import { ServiceCalls } from '../edge/service-calls';
import { sessionHandlers } from './session.handler';

export const SESSION_HANDLERS = Symbol('SessionHandlers');

@Module({
  providers: [
    {
      provide: SESSION_HANDLERS,
      useFactory: (services: ServiceCalls) => sessionHandlers(services),
      inject: [ServiceCalls],
    },
  ],
  exports: [SESSION_HANDLERS],
})
export class SessionModule {}
