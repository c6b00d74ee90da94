import { ConcordatError } from '@concordat/contracts';
import type { Directory, DirectorySigningKey } from '@concordat/directory';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Who meets a key that he does not know asks again; nobody needs to ask more often than this for the others. */
const cacheControl = 'public, max-age=60';

/** A key as JWK (RFC 7517, RFC 8037). */
const toJwk = ({ publicKey: { kid, value } }: DirectorySigningKey) => ({
  ...{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid, x: value },
});

/**
 * What verifiers outside need: the keys that access tokens are signed with, those that will be and those that were as
 * long as a token of theirs may live; and the same as a document of `did:web` (DID Core 1.0).
 * @param domain host, and port if any, that the gateways are reached by over HTTPS; undefined: there is no such document
 */
export function addWellKnown(
  server: FastifyInstance,
  directory: Directory,
  domain: string | undefined,
): void {
  const send = (reply: FastifyReply, type: string, value: unknown): FastifyReply =>
    reply.header('cache-control', cacheControl).type(type).send(JSON.stringify(value));

  server.get('/.well-known/jwks.json', (_request, reply) =>
    send(reply, 'application/jwk-set+json', { keys: directory.signingKeys().map(toJwk) }),
  );
  server.get('/.well-known/did.json', (_request, reply) => {
    if (domain === undefined) throw new ConcordatError('ROUTE_UNKNOWN');
    return send(reply, 'application/did+json', didDocument(domain, directory.signingKeys()));
  });
}

/** @param domain a colon before the port is written %3A, as the method says */
export function didDocument(domain: string, keys: readonly DirectorySigningKey[]) {
  const id = `did:web:${domain.replace(':', '%3A')}`;
  const methods = keys.map((key) => {
    const { kty, crv, x, alg, use, kid } = toJwk(key);
    const method = { id: `${id}#${kid}`, type: 'JsonWebKey2020', controller: id };
    return { ...method, publicKeyJwk: { kty, crv, x, alg, use, kid } };
  });
  return {
    '@context': ['https://www.w3.org/ns/did/v1', 'https://w3id.org/security/suites/jws-2020/v1'],
    id,
    verificationMethod: methods,
    assertionMethod: methods.map((method) => method.id),
  };
}
