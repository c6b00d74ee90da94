import { actorOf, ConcordatError, type JsonValue } from '@concordat/contracts';
import {
  canonicalJson,
  equalConstantTime,
  fromBase64url,
  hmacSha256,
  lengthPrefixed,
  toBase64url,
} from '@concordat/crypto';
import type { OperationContext } from '@concordat/runtime';
import type { z } from 'zod';

/** Whose stream it is, and of what. */
type Asked = Pick<OperationContext, 'operation' | 'principal'>;

/**
 * The place of a stream as the gateway keeps it from chunk to chunk, so that any process of the service goes on with it.
 * What was counted and hashed so far stands in it and is signed in the end, so only what this service wrote is taken back,
 * for the same caller and the same question.
 */
export class PlaceSeal {
  readonly #key: Uint8Array;

  /** @param secret 32 bytes, the same in every process that serves the log */
  constructor(secret: Uint8Array) {
    this.#key = hmacSha256(secret, 'concordat/audit-place/v1');
  }

  seal(asked: Asked, input: object, place: object): string {
    const text = JSON.stringify(place);
    return `${toBase64url(Buffer.from(text))}.${toBase64url(this.#tag(asked, input, text))}`;
  }

  /** @throws ConcordatError INPUT_INVALID when it was not sealed for this */
  open<T>(schema: z.ZodType<T>, asked: Asked, input: object, sealed: string): T {
    const [body = '', tag = ''] = sealed.split('.');
    const text = Buffer.from(fromBase64url(body) ?? []).toString('utf8');
    if (!equalConstantTime(fromBase64url(tag) ?? new Uint8Array(), this.#tag(asked, input, text)))
      throw new ConcordatError('INPUT_INVALID', 'The place is not one of this stream.');
    return schema.parse(JSON.parse(text));
  }

  #tag({ operation, principal }: Asked, input: object, text: string): Uint8Array {
    const question = canonicalJson(input as JsonValue);
    return hmacSha256(
      this.#key,
      lengthPrefixed(operation, principal.tenant, actorOf(principal), question, text),
    );
  }
}
