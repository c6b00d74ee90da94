export * from './closed-loop';
export * from './load-clock';
export * from './open-loop';
export * from './statistics';
