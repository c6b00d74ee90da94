import 'reflect-metadata';
import { runService } from '@concordat/runtime';
import { AppModule } from './app.module';
import { otlpEndpoint, readAuditConfig } from './config';

runService('audit-service', () => {
  const config = readAuditConfig();
  return {
    config,
    otlpEndpoint: otlpEndpoint(),
    health: { host: config.healthHost, port: config.healthPort },
    module: (base) => AppModule.for(base, config),
  };
});
