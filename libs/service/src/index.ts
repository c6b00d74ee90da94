export * from './event-sourcing.module';
export * from './operation-server';
export * from './redis-links';
export * from './relay-job';
export * from './rpc-client.module';
export * from './service.module';
export * from './settings.module';
export * from './tokens';
