import { z } from 'zod';
import { toBase64url } from './bytes';
import { fromMultibaseKey, toDidKey } from './did-key';
import { didDocument, type DidSubject } from './did-document';
import { generateEd25519, keyId } from './ed25519';

/** DID Core §3.1: the ABNF of a DID. */
const did = z
  .string()
  .regex(/^did:[a-z0-9]+:(?:(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})*:)*(?:[A-Za-z0-9._-]|%[0-9A-Fa-f]{2})+$/);
/** §3.2: with a fragment, as it stands before a `#`. */
const didUrl = z.string().refine((text) => {
  const [subject, fragment, ...more] = text.split('#');
  const isFragment = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})+$/.test(fragment ?? '');
  return did.safeParse(subject).success && isFragment && more.length === 0;
});
/** §5.2: id, type and controller are required, and exactly one form of the key. */
const verificationMethod = z.strictObject({
  id: didUrl,
  type: z.literal('Multikey'),
  controller: did,
  publicKeyMultibase: z.string().refine((text) => fromMultibaseKey(text) !== undefined),
});
/** §5 and §6.3.1: the first context is that of DID Core, and no context comes twice. */
const document = z.strictObject({
  '@context': z
    .tuple([z.literal('https://www.w3.org/ns/did/v1')], z.url())
    .refine((list) => new Set(list).size === list.length),
  id: did,
  controller: z.union([did, z.array(did).min(1)]).optional(),
  verificationMethod: z.array(verificationMethod).min(1).optional(),
  authentication: z.array(didUrl).min(1).optional(),
  assertionMethod: z.array(didUrl).min(1).optional(),
});

const { publicKey } = generateEd25519();
const kid = keyId(publicKey);
const publicKeys = [{ alg: 'Ed25519' as const, kid, value: toBase64url(publicKey) }];
const web = 'did:web:localhost%3A7400:agents:default:6f9619ff-8b86-8011-b42d-00cf4fc964ff';
const own = toDidKey(publicKey);
const subject = (over: Partial<DidSubject> = {}): DidSubject => ({
  ...{ did: web, status: 'active', publicKeys, controllerDid: null, ...over },
});

describe.each([
  ['a did:web', web, `${web}#${kid}`],
  ['a did:key', own, `${own}#${own.slice('did:key:'.length)}`],
])('the document of %s', (_, id, methodId) => {
  it.each(['active', 'suspended', 'revoked', 'erased'] as const)('is one by DID Core while %s', (status) => {
    for (const controllerDid of [null, own]) {
      const made = didDocument(subject({ did: id, status, controllerDid }));
      expect(document.parse(made)).toEqual(made);
      // §5.3.1: a relationship names methods that are in the document.
      const methods = made.verificationMethod?.map((method) => method.id) ?? [];
      for (const name of [...(made.authentication ?? []), ...(made.assertionMethod ?? [])])
        expect(methods).toContain(name);
    }
  });

  it('names the key that signs for it', () => {
    expect(didDocument(subject({ did: id }))).toMatchObject({
      ...{ id, authentication: [methodId], assertionMethod: [methodId] },
      verificationMethod: [{ id: methodId, controller: id, type: 'Multikey' }],
    });
  });
});

describe('the document of an agent', () => {
  it('that is suspended shows keys with which nothing can be proven', () => {
    const {
      verificationMethod: methods,
      authentication,
      assertionMethod,
    } = didDocument(subject({ status: 'suspended' }));
    expect([methods?.length, authentication, assertionMethod]).toEqual([1, undefined, undefined]);
  });

  it.each(['revoked', 'erased'] as const)('that is %s has no keys', (status) => {
    expect(Object.keys(didDocument(subject({ status })))).toEqual(['@context', 'id']);
  });

  it('names its controller where it is asked to', () => {
    expect(didDocument(subject({ controllerDid: own })).controller).toBe(own);
    expect(didDocument({ did: web, status: 'active', publicKeys }).controller).toBeUndefined();
  });
});
