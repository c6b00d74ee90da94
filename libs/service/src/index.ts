export * from './event-sourcing.module';
export { type MaintainedService } from './maintenance/tasks';
export { runMaintenance } from './maintenance/run-maintenance';
export * from './operation-server';
export * from './redis-links';
export * from './relay-job';
export * from './service.module';
export * from './settings.module';
export * from './tokens';
