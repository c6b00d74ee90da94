export { type AgentFacts, type AuthorizationFacts, Authorizer } from './authorizer';
export {
  Directory,
  type DirectoryAgent,
  type DirectoryApiKey,
  type DirectoryDelegation,
  type DirectorySigningKey,
  type DirectoryUser,
} from './directory';
export { DirectoryAuthorizer } from './directory-authorizer';
export { DirectoryModule } from './directory.module';
export { Freshness } from './freshness';
export type { DirectoryEvent } from './kinds/kind';
