export * from './agents';
export * from './bench';
export * from './caller';
export * from './empty-directory';
export * from './eventually';
export * from './service-double';
