import { ConcordatError, findOperation, operations, type Principal } from '@concordat/contracts';
import type { Authorizer, Directory, Freshness } from '@concordat/directory';
import type { Bridge } from './bridge-store';

export interface RightsPorts {
  readonly directory: Pick<Directory, 'agent'>;
  readonly freshness: Pick<Freshness, 'require'>;
  readonly authorizer: Pick<Authorizer, 'authorize'>;
}

/** What the agent of a bridge may do now, by the directory and the policies of its tenant. */
export class BridgeRights {
  constructor(private readonly ports: RightsPorts) {}

  /** Meaningful only while the directory can be believed. */
  isActive({ tenant, did }: Bridge): boolean {
    return this.ports.directory.agent(tenant, did)?.status === 'active';
  }

  /**
   * The agent that writes to the inbound stream, as if it had come with a token.
   * @throws ConcordatError DIRECTORY_STALE, AGENT_SUSPENDED, AGENT_REVOKED
   */
  senderOf({ tenant, did, id }: Bridge): Principal {
    this.ports.freshness.require();
    const status = this.ports.directory.agent(tenant, did)?.status;
    if (status === 'suspended') throw new ConcordatError('AGENT_SUSPENDED');
    if (status !== 'active') throw new ConcordatError('AGENT_REVOKED');
    return { kind: 'agent', tenant, id: did, scopes: ['read', 'write'], tokenId: `bridge-${id}` };
  }

  /** @throws ConcordatError as `senderOf` does, and POLICY_DENIED */
  readonly requireReceiver = (bridge: Bridge): void => {
    const principal = this.senderOf(bridge);
    this.ports.authorizer.authorize(findOperation('inbox.fetch')!, fetchInput, { principal, address: null });
  };
}

const fetchInput = operations['inbox.fetch'].input.parse({});
