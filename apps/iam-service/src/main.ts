import 'reflect-metadata';
import { runService } from '@concordat/runtime';
import { AppModule } from './app.module';
import { otlpEndpoint, readIamConfig } from './config';

runService('iam-service', () => {
  const config = readIamConfig();
  return {
    config,
    otlpEndpoint: otlpEndpoint(),
    health: { host: config.healthHost, port: config.healthPort },
    module: (base) => AppModule.for(base, config),
  };
});
