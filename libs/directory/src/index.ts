export {
  Directory,
  type DirectoryAgent,
  type DirectoryApiKey,
  type DirectorySigningKey,
  type DirectoryUser,
} from './directory';
export { DirectoryModule } from './directory.module';
export { Freshness } from './freshness';
export type { DirectoryEvent } from './kinds/kind';
