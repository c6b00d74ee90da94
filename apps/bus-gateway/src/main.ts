import 'reflect-metadata';
import { runService } from '@concordat/runtime';
import { AppModule } from './app.module';
import { otlpEndpoint, readGatewayConfig } from './config';

runService('bus-gateway', () => {
  const config = readGatewayConfig();
  return {
    config,
    otlpEndpoint: otlpEndpoint(),
    // Served by the HTTP edge, beside the operations.
    health: undefined,
    module: (base) => AppModule.for(base, config),
  };
});
