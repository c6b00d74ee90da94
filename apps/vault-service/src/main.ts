import 'reflect-metadata';
import { bootstrap } from '@concordat/runtime';
import { AppModule } from './app.module';
import { otlpEndpoint, readVaultConfig } from './config';

async function main(): Promise<void> {
  const config = readVaultConfig();
  await bootstrap({
    name: 'vault-service',
    config,
    otlpEndpoint: otlpEndpoint(),
    health: { host: config.healthHost, port: config.healthPort },
    module: (base) => AppModule.for(base, config),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(
    `vault-service did not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
