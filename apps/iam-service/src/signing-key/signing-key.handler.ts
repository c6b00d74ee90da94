import { ConcordatError, defaultTenant } from '@concordat/contracts';
import type { CommandContexts } from '@concordat/eventsourcing';
import type { OperationHandlers } from '@concordat/runtime';
import type { SigningKeys } from './signing-keys';

/** The operation `signingKey.rotate`: the keys are those of the whole installation, so its operator turns them. */
export function signingKeyHandlers(keys: SigningKeys, contexts: CommandContexts) {
  return {
    'signingKey.rotate': async (input, context) => {
      if (context.principal.tenant !== defaultTenant)
        throw new ConcordatError('SCOPE_MISSING', 'It needs a credential of the default tenant.');
      const { publicKey, activatedAt, signsFrom, at } = await keys.rotate(
        contexts.of(context, input),
        input.revokePrevious,
      );
      const { kid, value } = publicKey;
      return { output: { kid, publicKey: value, activatedAt, signsFrom }, position: at };
    },
  } satisfies OperationHandlers;
}
