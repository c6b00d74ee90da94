import 'reflect-metadata';
import { runService } from '@concordat/runtime';
import { AppModule } from './app.module';
import { otlpEndpoint, readVaultConfig } from './config';

runService('vault-service', () => {
  const config = readVaultConfig();
  return {
    config,
    otlpEndpoint: otlpEndpoint(),
    health: { host: config.healthHost, port: config.healthPort },
    module: (base) => AppModule.for(base, config),
  };
});
