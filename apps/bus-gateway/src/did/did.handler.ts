import { ConcordatError, toDidWeb } from '@concordat/contracts';
import { didDocument, toBase64url, utf8 } from '@concordat/crypto';
import type { Directory, Freshness } from '@concordat/directory';
import type { OperationHandlers } from '@concordat/runtime';

export interface DidPorts {
  readonly directory: Directory;
  readonly freshness: Freshness;
  /** The domain of the did:web identities: the same at every gateway and at iam-service. */
  readonly didWebDomain: string;
}

/**
 * The operation `did.resolve`: for anybody, from memory. It tells what a verifier needs, keys and whether they count now,
 * and nothing else: not who controls whom. Unknown, revoked, erased and impossible are one answer, which is also how
 * did:web says that an identity was deactivated (did:web method §2.5.4).
 */
export function didHandlers({ directory, freshness, didWebDomain }: DidPorts) {
  return {
    'did.resolve': async ({ tenant, id }) => {
      // Keys that were replaced must not be given out as current ones.
      if (freshness.staleness !== undefined) throw new ConcordatError('SERVICE_UNAVAILABLE');
      const agent = directory.agent(tenant, toDidWeb(didWebDomain, tenant, id));
      if (!agent || agent.status === 'revoked' || agent.status === 'erased')
        throw new ConcordatError('NOT_FOUND');
      const { did, status, publicKeys } = agent;
      const body = toBase64url(utf8(JSON.stringify(didDocument({ did, status, publicKeys }))));
      return { output: { body }, position: null };
    },
  } satisfies OperationHandlers;
}
