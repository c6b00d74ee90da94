export * from './agents';
export * from './bench';
export * from './caller';
export * from './empty-directory';
export * from './eventually';
export * from './load';
export * from './service-double';
export * from './plain-message';
