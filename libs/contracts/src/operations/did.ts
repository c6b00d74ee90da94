import { z } from 'zod';
import { operation } from '../operation';

export const didOperations = {
  'did.resolve': operation({
    name: 'did.resolve',
    service: 'bus',
    summary: 'The DID document of a managed identity, where the did:web method looks for it.',
    kind: 'query',
    caller: 'none',
    // Outside /v1: the place follows from the DID.
    http: {
      method: 'GET',
      path: '/agents/{tenant}/{id}/did.json',
      status: 200,
      mediaType: 'application/did+ld+json',
    },
    // Not the schemas of tenants and ids: what cannot exist is answered like what does not.
    input: z.strictObject({ tenant: z.string().max(256), id: z.string().max(256) }),
    output: z.strictObject({ body: z.string() }),
    errors: ['NOT_FOUND'],
  }),
};
