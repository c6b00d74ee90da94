import { join } from 'node:path';

/** Folder of the `.proto` files: import paths begin here. */
export const protoDir = join(__dirname, 'proto');

/** The files that declare services. */
export const protoFiles = ['identity', 'policy', 'bus', 'vault', 'audit'].map(
  (name) => `concordat/v1/${name}.proto`,
);
