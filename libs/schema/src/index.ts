export { bounds as schemaBounds } from './bounds';
export * from './compile-schema';
export type { Incompatibility } from './json/comparison';
