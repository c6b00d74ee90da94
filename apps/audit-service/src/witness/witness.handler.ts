import { formatCosignerKey, type NoteSigner, toBase64url, utf8 } from '@concordat/crypto';
import type { OperationHandlers } from '@concordat/runtime';
import type { Witness } from './witness';

const file = (text: string) => ({ output: { body: toBase64url(utf8(text)) }, position: null });

/** Concordat as a witness, for everybody: a request is worth what the signature on its checkpoint is. */
export const witnessHandlers = (witness: Witness, signer: NoteSigner) =>
  ({
    'audit.addCheckpoint': async ({ request }) => ({
      output: { ...(await witness.add(request)) },
      position: null,
    }),
    'audit.witnessKey': async () => file(`${formatCosignerKey(signer)}\n`),
    'audit.witnessedCheckpoint': async ({ originHash }) => file(await witness.latest(originHash)),
  }) satisfies OperationHandlers;
