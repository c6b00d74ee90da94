import { fromBase64url } from './bytes';
import { toMultibaseKey } from './did-key';
import type { AlgorithmValue } from './signing';

/** A verification method of type Multikey (W3C Controlled Identifiers 1.0 §2.2.2). */
export interface VerificationMethod {
  readonly id: string;
  readonly type: 'Multikey';
  readonly controller: string;
  readonly publicKeyMultibase: string;
}

/** A DID document in its JSON-LD form (W3C DID Core §5, §6.3): `application/did+ld+json`. */
export interface DidDocument {
  readonly '@context': readonly string[];
  readonly id: string;
  readonly controller?: string;
  readonly verificationMethod?: readonly VerificationMethod[];
  readonly authentication?: readonly string[];
  readonly assertionMethod?: readonly string[];
}

export interface DidSubject {
  readonly did: string;
  readonly status: 'active' | 'suspended' | 'revoked' | 'erased';
  /** Those that count now; no earlier ones, which must not authenticate anybody any more. */
  readonly publicKeys: readonly AlgorithmValue[];
  /** Who may change the document besides its subject (DID Core §5.1.2); left out, it is not said. */
  readonly controllerDid?: string | null;
}

/**
 * The document of an agent. Suspended, it keeps its keys, which may do nothing until it is resumed: neither
 * authentication nor assertion names them. Revoked or erased, it has none: it is deactivated (DID Core §7.1.3).
 */
export function didDocument({ did, status, publicKeys, controllerDid }: DidSubject): DidDocument {
  const methods = publicKeys.map((key) => verificationMethod(did, key));
  const ids = methods.map(({ id }) => id);
  const isDeactivated = status === 'revoked' || status === 'erased';
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/multikey/v1'],
    id: did,
    ...(controllerDid ? { controller: controllerDid } : {}),
    ...(isDeactivated ? {} : { verificationMethod: methods }),
    ...(status === 'active' ? { authentication: ids, assertionMethod: ids } : {}),
  };
}

/** A did:key names its only key by the key itself (did:key method §3.1), a did:web by its id. */
function verificationMethod(did: string, { kid, value }: AlgorithmValue): VerificationMethod {
  const publicKeyMultibase = toMultibaseKey(fromBase64url(value) ?? new Uint8Array());
  const fragment = did.startsWith('did:key:') ? publicKeyMultibase : kid;
  return { id: `${did}#${fragment}`, type: 'Multikey', controller: did, publicKeyMultibase };
}
