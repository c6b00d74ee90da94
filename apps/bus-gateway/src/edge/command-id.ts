import { randomUUID } from 'node:crypto';
import { actorOf, ConcordatError, type OperationSpec, type Principal } from '@concordat/contracts';
import { lengthPrefixed, sha256, toBase64url } from '@concordat/crypto';

const digestOf = (...parts: readonly string[]): string =>
  toBase64url(sha256(lengthPrefixed('concordat/command/v1', ...parts)));

/**
 * Names the effect of a request: the same key of the same caller for the same operation is the same command. Without a
 * key the request can never come again, and is a command of its own.
 * @throws ConcordatError INPUT_INVALID
 */
export function commandIdOf(
  { name }: Pick<OperationSpec, 'name'>,
  principal: Principal,
  idempotencyKey: string | undefined,
): string {
  if (idempotencyKey === undefined) return randomUUID();
  if (!/^[\x21-\x7e]{1,255}$/.test(idempotencyKey)) {
    const errors = [{ pointer: 'Idempotency-Key', message: 'must be 1–255 visible ASCII characters' }];
    throw new ConcordatError('INPUT_INVALID', 'The header Idempotency-Key is malformed.', { errors });
  }
  return digestOf(principal.tenant, actorOf(principal), name, idempotencyKey);
}

/** Whether the caller gave the command a name, so that it may come again: a digest is longer than a UUID. */
export const mayComeAgain = (commandId: string): boolean => commandId.length > 36;

/** The command of one among callers who have not said who they are, so that they do not share their keys. */
export const commandIdFor = (commandId: string, tenant: string, did: string): string =>
  mayComeAgain(commandId) ? digestOf(commandId, tenant, did) : commandId;
