import { z } from 'zod';
import { operation } from '../operation';

const text = { status: 200, mediaType: 'text/plain; charset=utf-8', cacheControl: 'no-cache' } as const;
const file = z.strictObject({ body: z.string() });

/** Concordat as a witness of other logs (C2SP tlog-witness). */
export const auditWitnessOperations = {
  'audit.addCheckpoint': operation({
    name: 'audit.addCheckpoint',
    service: 'audit',
    summary:
      'Have a checkpoint of a witnessed log cosigned. The same as POST /v1/audit/witness/add-checkpoint, which takes and gives the text of C2SP tlog-witness.',
    kind: 'command',
    caller: 'none',
    http: { method: 'POST', path: '/v1/audit/witness/checkpoints', status: 200 },
    input: z.strictObject({
      /** Body of an `add-checkpoint` request: old size, consistency proof, empty line, signed checkpoint. */
      request: z.string().min(1).max(16_384),
    }),
    output: z.strictObject({
      /** Signature lines; null when the old size is not the one that was cosigned last. */
      cosignatures: z.string().nullable(),
      /** Size of the log that was cosigned last, now. */
      size: z.number().int().nonnegative(),
    }),
    errors: [
      'WITNESS_LOG_UNKNOWN',
      'WITNESS_SIGNATURE_INVALID',
      'WITNESS_PROOF_INVALID',
      'WITNESS_REGRESSED',
    ],
  }),
  'audit.witnessKey': operation({
    name: 'audit.witnessKey',
    service: 'audit',
    summary: 'The verifier key of this witness (vkey of C2SP tlog-cosignature, Ed25519).',
    kind: 'query',
    caller: 'none',
    http: { ...text, method: 'GET', path: '/v1/audit/witness/vkey' },
    input: z.strictObject({}),
    output: file,
    errors: [],
  }),
  'audit.witnessedCheckpoint': operation({
    name: 'audit.witnessedCheckpoint',
    service: 'audit',
    summary: 'The latest checkpoint of a log that this witness has cosigned, with its cosignature.',
    kind: 'query',
    caller: 'none',
    http: { ...text, method: 'GET', path: '/v1/audit/witness/{originHash}/checkpoint' },
    input: z.strictObject({
      /** SHA-256 of the origin, in hex */
      originHash: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 of 0–9 and a–f'),
    }),
    output: file,
    errors: ['NOT_FOUND'],
  }),
};
