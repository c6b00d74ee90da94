import { join } from 'node:path';

/** Folder of the `.proto` files: import paths begin here. */
export const protoDir = join(__dirname, 'proto');

/** The files that declare services, and those that declare what they speak of. */
export const protoFiles = [
  ...['identity', 'policy', 'bus', 'bridge', 'schedule', 'limit', 'vault', 'audit'],
  'governance',
  ...['message', 'inbox', 'call_stream', 'topic', 'dead_letter', 'schema', 'stream'],
].map((name) => `concordat/v1/${name}.proto`);
