import 'reflect-metadata';
import { bootstrap } from '@concordat/runtime';
import { AppModule } from './app.module';
import { otlpEndpoint, readGatewayConfig } from './config';

async function main(): Promise<void> {
  const config = readGatewayConfig();
  await bootstrap({
    name: 'bus-gateway',
    config,
    otlpEndpoint: otlpEndpoint(),
    // Served by the HTTP edge, beside the operations.
    health: undefined,
    module: (base) => AppModule.for(base, config),
  });
}

main().catch((error: unknown) => {
  process.stderr.write(
    `bus-gateway did not start: ${error instanceof Error ? error.message : String(error)}\n`,
  );
  process.exit(1);
});
