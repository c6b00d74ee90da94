export * from './agents';
export * from './bench';
export * from './caller';
export * from './eventually';
export * from './load';
