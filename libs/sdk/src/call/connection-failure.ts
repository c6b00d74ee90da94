import { ConcordatProblem } from '../problem';

interface Words {
  /** What happened, after "No answer from <url>: ". */
  readonly why: string;
  /** Default: that of the code. */
  readonly fix?: string;
}

const untrusted: Words = {
  why: 'its certificate is not one that this process trusts',
  fix: 'Start this program with NODE_EXTRA_CA_CERTS=<file with the certificate of the issuer>, or get a certificate of a public one.',
};

const noTls: Words = {
  why: 'it does not speak TLS',
  fix: 'Write http:// instead of https://, or give the URL of what ends TLS in front of the gateway.',
};

/** By the codes of Node, OpenSSL and undici; what they say themselves only their developers understand. */
const words: Readonly<Record<string, Words>> = {
  ECONNREFUSED: {
    why: 'nothing listens there (connection refused)',
    fix: 'Start Concordat with ./concordat up, which says where it listens, or correct host and port of the URL.',
  },
  ENOTFOUND: { why: 'there is no host of this name', fix: 'Correct the host in the URL.' },
  EAI_AGAIN: {
    why: 'the name of the host could not be looked up',
    fix: 'Check the network and its name service, or give the address of the host in the URL.',
  },
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  // The same, in the words of a later OpenSSL.
  ERR_SSL_PACKET_LENGTH_TOO_LONG: noTls,
  HPE_INVALID_CONSTANT: {
    why: 'it does not speak HTTP',
    fix: 'Check the port. If it is a door with TLS, write https:// instead of http://.',
  },
  ECONNRESET: { why: 'the connection was broken by the other side' },
  EPIPE: { why: 'the connection was broken by the other side' },
  ETIMEDOUT: { why: 'the host does not answer' },
  EHOSTUNREACH: { why: 'no way leads to the host' },
  ENETUNREACH: { why: 'no way leads to the network of the host' },
  UND_ERR_CONNECT_TIMEOUT: { why: 'the host does not answer' },
  DEPTH_ZERO_SELF_SIGNED_CERT: untrusted,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  CERT_HAS_EXPIRED: { why: 'its certificate has expired', fix: 'Renew the certificate of the server.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    why: 'its certificate is that of another host',
    fix: 'Write the host in the URL as its certificate names it.',
  },
};

/** @param error what `fetch` threw */
export function connectionFailure(url: string, error: unknown): ConcordatProblem {
  // undici says only "fetch failed"; the reason is in the cause. Not asked by class: the errors of `fetch` may be of
  // another realm.
  const { cause = error } = Object(error) as { readonly cause?: unknown };
  const { message, code } = Object(cause) as { readonly message?: unknown; readonly code?: unknown };
  const known = Object.hasOwn(words, String(code)) ? words[String(code)] : undefined;
  const raw = [message, code, cause].map((text) => String(text ?? '')).find((text) => text !== '');
  return notReached(url, known?.why ?? raw ?? 'unknown', { fix: known?.fix, cause: error });
}

export const notReached = (
  url: string,
  why: string,
  more: { readonly fix?: string | undefined; readonly cause?: unknown } = {},
): ConcordatProblem =>
  new ConcordatProblem('CONNECTION_FAILED', { detail: `No answer from ${url}: ${why}.`, ...more });
